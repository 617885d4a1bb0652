import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a / T, -1), F.softmax(b / T, -1), reduction="batchmean") * T * T


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = F.kl_div(F.log_softmax(a / T, -1), F.softmax(b / T, -1), reduction="batchmean")
    k *= T ** 2


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a / 1.0, -1), F.softmax(b / 1.0, -1), reduction="batchmean")


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a / T, -1), F.softmax(b / eps, -1), reduction="batchmean")


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.softmax(b / T, -1), reduction="batchmean")


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    16 * F.kl_div(F.log_softmax(a / 4, -1), F.softmax(b / 4, -1), reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    w = T * T
    losses = [F.kl_div(F.log_softmax(a / T, -1), F.softmax(b / T, -1), reduction="batchmean")]
    return sum(losses) * w


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    d = n ** 0.5
    F.kl_div(F.log_softmax(a / d, -1), F.softmax(b / d, -1), reduction="batchmean")


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a / T, -1), F.softmax(b / T, -1), reduction="batchmean") * pow(T, 2)


def case_9(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    def kd(s):
        return F.kl_div(F.log_softmax(s / T, -1), F.softmax(b / T, -1), reduction="batchmean")
    return kd(a).mul(T * T)


def case_10(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    weight = x.softmax(-1)
    loss = F.kl_div(F.log_softmax(a / T, -1), F.softmax(b / T, -1), reduction="none")
    return (weight * T**2 * loss).sum(-1)


def case_11(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    sure = x.sigmoid().max(dim=-1)[0]
    loss = F.kl_div(F.log_softmax(a / T, -1), F.softmax(b / T, -1), reduction="none")
    return (sure * (T * T) * loss.sum(-1))[mask].mean()
