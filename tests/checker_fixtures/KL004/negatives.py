import torch
import torch.nn as nn
import torch.nn.functional as F
from einops import rearrange


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    B, S, V = a.shape
    F.kl_div(F.log_softmax(a, -1).flatten(0, 1), b, reduction="batchmean")


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    B, S, V = a.shape
    a = a.reshape(B * S, V)
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    B, S, V = a.shape
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean") / S


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, 1), b, reduction="batchmean")


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    B, S, V = a.shape
    F.kl_div(F.log_softmax(a, -1), b, reduction="sum") / (B * S)


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    a = torch.randn(2, 3)
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    a = a.permute(0, 2, 3, 1).reshape(-1, n)
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    a = a[mask]
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def divided_by_pixels(a, b):
    n, c, h, w = a.shape
    return F.kl_div(F.log_softmax(a, 1), F.softmax(b, 1), reduction="batchmean") / (h * w)


def divided_by_what_may_be_a_length(a, b, steps):
    n, t, v = a.shape
    return F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean") / steps


def divided_by_a_written_length(a, b):
    n, t, v = a.shape
    return F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean") / 196


def rearranged_to_rows(a, b):
    a = rearrange(a, "b c h w -> (b h w) c")
    b = rearrange(b, "b c h w -> (b h w) c")
    return F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean")


def rearranged_to_any(a, b):
    a = rearrange(a, "b ... c -> ... b c")
    return F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def asserted_rows(a, b):
    assert len(a.shape) == 2
    return F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean")
