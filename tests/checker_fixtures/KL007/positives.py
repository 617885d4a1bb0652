import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a / T, -1), F.softmax(b / T, -1), reduction="batchmean")  # KL007


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    0.5 * F.kl_div(F.log_softmax(a / T, -1), F.softmax(b / T, -1), reduction="batchmean")  # KL007


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    a, b = a / 4.0, b / 4.0
    F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean")  # KL007


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a.div(T), -1), F.softmax(b.div(T), -1), reduction="batchmean")  # KL007


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    T * F.kl_div(F.log_softmax(a / T, -1), F.softmax(b / T, -1), reduction="batchmean")  # KL007


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    a /= T
    b /= T
    return F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="batchmean")  # KL007


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = nn.KLDivLoss(reduction="batchmean")
    return k(F.log_softmax(a / model.T, -1), F.softmax(b / model.T, -1))  # KL007


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a / T, -1), F.log_softmax(b / T, -1), reduction="batchmean", log_target=True)  # KL007
