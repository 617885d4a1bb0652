import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, size_average=False)  # KL005


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduce=False).sum()  # KL005


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, False)  # KL005


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(size_average=False)(F.log_softmax(a, -1), b)  # KL005


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(reduce=False)  # KL005


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(False)  # KL005


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, size_average=mode)  # KL005


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(input=F.log_softmax(a, -1), target=b, size_average=False, reduce=True)  # KL005, KL005
