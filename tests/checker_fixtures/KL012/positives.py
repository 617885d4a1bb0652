import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    b.detach()  # KL012
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    q = F.softmax(b, -1)
    q.detach()  # KL012
    F.kl_div(F.log_softmax(a, -1), q, reduction="batchmean")


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    z0 = model(x)
    z0.detach()  # KL012
    F.kl_div(F.log_softmax(a, -1), z0, reduction="batchmean")


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    z1 = model(x)
    z1.detach()  # KL012
    F.kl_div(F.log_softmax(a, -1), z1, reduction="batchmean")
