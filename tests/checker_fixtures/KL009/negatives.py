import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = (p + q) / 2
    F.kl_div(m.log(), p, reduction="batchmean") + F.kl_div(m.log(), q, reduction="batchmean")


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = (p + q) / 2
    F.kl_div(p.log(), m, reduction="batchmean")


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = (p + q) / 2
    F.kl_div(p.log(), q, reduction="batchmean") + F.kl_div(q.log(), p, reduction="batchmean")


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = (p + q) / 2
    F.kl_div(u.log(), m, reduction="batchmean") + F.kl_div(v.log(), m, reduction="batchmean")


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m, w = (p + q) / 2, (u + v) / 2
    F.kl_div(p.log(), m, reduction="batchmean") + F.kl_div(u.log(), w, reduction="batchmean")


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = torch.logaddexp(a, b)
    F.kl_div(m, p, reduction="batchmean") + F.kl_div(m, q, reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = (p + q) / 2
    j = F.kl_div(p.log(), m, reduction="batchmean")
    return j + F.cross_entropy(q, y)


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = (p * q) / 2
    F.kl_div(p.log(), m, reduction="batchmean") + F.kl_div(q.log(), m, reduction="batchmean")
