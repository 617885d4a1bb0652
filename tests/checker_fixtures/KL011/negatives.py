import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, dim=-1), F.softmax(b, dim=1), reduction="batchmean")


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, dim=n), F.softmax(b, dim=n), reduction="batchmean")


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = F.softmax(b)
    F.kl_div(F.log_softmax(a, -1), q, reduction="batchmean")


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(nn.LogSoftmax(dim=1)(a), nn.Softmax(1)(b), reduction="batchmean")


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, 1), F.softmax(b, 1), reduction="batchmean")


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    a = torch.randn(2, 3)
    F.kl_div(F.log_softmax(a, -1), F.softmax(b, 1), reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(nn.LogSoftmax(n)(a), b, reduction="batchmean")


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, 1), F.softmax(b.permute(0, 2, 1), 1), reduction="batchmean")
