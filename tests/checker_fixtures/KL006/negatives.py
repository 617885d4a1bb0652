import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(p.log(), q, reduction="batchmean")


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = (p + q) / 2
    F.kl_div(m.log(), p, reduction="batchmean")


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    torch.log(p + 1e-8).mean()
    F.kl_div(F.log_softmax(a, -1), q, reduction="batchmean")


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1).clamp(min=-100), q, reduction="batchmean")


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    w = p / p.sum(-1, keepdim=True)
    F.kl_div(w.log(), q, reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = torch.tensor([0.2, 0.8])
    F.kl_div(s.log(), q, reduction="batchmean")


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1) + 1e-8, reduction="batchmean")
