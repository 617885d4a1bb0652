import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduction="none").sum(-1).mean()


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = F.kl_div(F.log_softmax(a, -1), b, reduction="none").sum(-1)
    (k * mask).sum() / mask.sum()


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b) * a.size(-1)


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduction=mode)


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduction="sum") / a.size(0)


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = F.kl_div(F.log_softmax(a, 1), F.softmax(b, 1), reduction="none")
    k.sum(dim=1)[mask].mean()


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="none")
    k.mean(0).sum()


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    model.num_classes * F.kl_div(F.log_softmax(a, -1), b)
