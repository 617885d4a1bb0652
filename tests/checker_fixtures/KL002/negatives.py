import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), reduction="batchmean", log_target=True)


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean", log_target=False)


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), reduction="batchmean", log_target=mode)


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(u, v, reduction="batchmean", log_target=True) + F.kl_div(v, u, reduction="batchmean", log_target=True)


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(u.log(), v, reduction="batchmean") + F.kl_div(v.log(), u, reduction="batchmean")


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = F.softmax(b, -1) if mode else F.log_softmax(b, -1)
    F.kl_div(F.log_softmax(a, -1), s, reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    log_probs = F.softmax(b, -1)
    F.kl_div(F.log_softmax(a, -1), log_probs, reduction="batchmean")


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1).exp(), reduction="batchmean")


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), **model)


def case_9(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(a, q, reduction="batchmean") + F.kl_div(p, a.exp(), reduction="batchmean")
