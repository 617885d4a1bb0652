import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), reduction="batchmean")  # KL002


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean", log_target=True)  # KL002


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(u, v, reduction="batchmean") + F.kl_div(v, u, reduction="batchmean")  # KL002, KL002


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.cross_entropy(b, y)
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")  # KL002


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), model(x).logits, reduction="batchmean")  # KL002


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b.softmax(-1).log(), reduction="batchmean")  # KL002


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = nn.KLDivLoss(reduction="batchmean", log_target=True)
    k(a.log_softmax(-1), b.softmax(-1))  # KL002


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = nn.KLDivLoss(reduction="batchmean")
    k(a.log_softmax(-1), nn.LogSoftmax(dim=-1)(b))  # KL002


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), nn.Linear(2, 3)(b), reduction="batchmean")  # KL002


def case_9(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    def half(z):
        return F.log_softmax(z, -1), F.softmax(z, -1)
    lp, q2 = half(a)
    F.kl_div(lp, half(b)[0], reduction="batchmean")  # KL002
