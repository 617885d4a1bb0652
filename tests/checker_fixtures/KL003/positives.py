import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b)  # KL003


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduction="mean")  # KL003


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduction="none").mean()  # KL003


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss()(F.log_softmax(a, -1), b)  # KL003


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = F.kl_div(F.log_softmax(a, -1), b, reduction="none")
    torch.mean(k)  # KL003


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="none")
    k.mean(-1).sum()  # KL003


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = F.kl_div(F.log_softmax(a, -1), b, reduction="none")
    (k * mask).mean()  # KL003


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = nn.KLDivLoss(reduction="none")
    k(F.log_softmax(a, 1), F.softmax(b, 1)).mean(1)  # KL003


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss()  # KL003
