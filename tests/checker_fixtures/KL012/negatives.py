import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    q = b.detach()
    F.kl_div(F.log_softmax(a, -1), q, reduction="batchmean")


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    b.detach_()
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b.detach(), reduction="batchmean")


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    with torch.no_grad():
        q = model.teacher(x)
    F.kl_div(F.log_softmax(a, -1), q.softmax(-1), reduction="batchmean")


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(model(x), -1), F.softmax(model(y), -1), reduction="batchmean")


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    q = model.teacher(x).detach()
    F.kl_div(F.log_softmax(a, -1), q.softmax(-1), reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    b = b.detach().clone()
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    model.requires_grad_(False)
    F.kl_div(F.log_softmax(a, -1), model(x).softmax(-1), reduction="batchmean")
