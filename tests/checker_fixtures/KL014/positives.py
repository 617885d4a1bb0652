import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(F.log_softmax(a, -1), F.softmax(b, -1))  # KL014


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(a, b)  # KL014


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    l = nn.KLDivLoss(p.log(), q, reduction="batchmean")  # KL014


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    torch.nn.KLDivLoss(a.softmax(-1), b.softmax(-1))  # KL014


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(input=a, target=b)  # KL014


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = model(x).logits
    nn.KLDivLoss(s, b)  # KL014


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(torch.log_softmax(a, 1), b)  # KL014


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    l = 0.5 * nn.KLDivLoss(F.log_softmax(a / T, 1), F.softmax(b / T, 1))  # KL014
