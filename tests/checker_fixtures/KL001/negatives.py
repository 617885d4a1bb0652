import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = F.log_softmax(a, -1) if mode else model(a)
    F.kl_div(s, b, reduction="batchmean")


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    student_probs = F.log_softmax(a, -1)
    F.kl_div(student_probs, b, reduction="batchmean")


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(model(x), b, reduction="batchmean")


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = F.softmax(a, -1)
    s = s.log()
    F.kl_div(s, b, reduction="batchmean")


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = a - a.logsumexp(-1, keepdim=True)
    F.kl_div(s, b, reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.nll_loss(a, y)
    F.kl_div(a, b, reduction="batchmean")


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(model.dist.logits, b, reduction="batchmean")


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = F.softmax(a, -1)
    if mode:
        s = torch.log(s)
    F.kl_div(s, b, reduction="batchmean")


def case_9(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(nn.Sequential(nn.Linear(2, 3), nn.LogSoftmax(dim=-1))(a), b, reduction="batchmean")
