import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, None, None, "sum")


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(reduction="batchmean")


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(None, None, "sum")


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, size_average=None, reduction="batchmean")


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.cross_entropy(a, y, size_average=False)
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(**model)


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    torch.kl_div(F.log_softmax(a, -1), b, 2)


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = dict(reduction="sum")
    F.kl_div(F.log_softmax(a, -1), b, **k)
