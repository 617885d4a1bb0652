import torch
import torch.nn as nn
import torch.nn.functional as F
from einops import rearrange


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    B, S, V = a.shape
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")  # KL004


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, dim=2), b, reduction="batchmean")  # KL004


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    a = a.view(-1)
    F.kl_div(F.log_softmax(a, 0), b, reduction="batchmean")  # KL004


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    a = a[:, :-1, :]
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")  # KL004


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    a = torch.randn(2, 3, 4)
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")  # KL004


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    a = a.permute(0, 2, 3, 1)
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")  # KL004


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    z = nn.Conv2d(3, 4, 1)(a)
    F.kl_div(F.log_softmax(z, 1), b, reduction="batchmean")  # KL004


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    B, S, V = a.size()
    k = nn.KLDivLoss(reduction="batchmean")
    k(F.log_softmax(a, -1), b)  # KL004


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    a = a.view(n, 4, -1)
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")  # KL004


def halved(a, b):
    n, t, v = a.shape
    return F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean") / 2  # KL004


def divided_by_the_batch(a, b):
    n, t, v = a.shape
    return F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean") / n  # KL004


def after_a_linear_layer(x, b, width):
    n, t, d = x.shape
    head = nn.Linear(d, width)
    return F.kl_div(F.log_softmax(head(x), -1), F.softmax(b, -1), reduction="batchmean")  # KL004


def rearranged_to_three(a, b):
    a = rearrange(a, "b c h w -> b (h w) c")
    b = rearrange(b, "b c h w -> b (h w) c")
    return F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean")  # KL004


def asserted_row(a, b):
    log_p = F.log_softmax(a, 0)
    assert log_p.dim() == 1
    return F.kl_div(log_p, b, reduction="batchmean")  # KL004


def asserted_volume(a, b):
    assert a.ndim == 3
    return F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean")  # KL004
