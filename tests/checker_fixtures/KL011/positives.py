import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a), b, reduction="batchmean")  # KL011


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.softmax(b), reduction="batchmean")  # KL011


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, dim=0), F.softmax(b, dim=1), reduction="batchmean")  # KL011


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = nn.LogSoftmax()  # KL011
    F.kl_div(k(a), b, reduction="batchmean")


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, dim=-1), F.softmax(b, dim=-2), reduction="batchmean")  # KL011


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = F.softmax(b)  # KL011
    s = s.detach()
    F.kl_div(F.log_softmax(a, -1), s, reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(nn.LogSoftmax()(a), b, reduction="batchmean")  # KL011


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(a.log_softmax(1), b.softmax(2), reduction="batchmean")  # KL011
