import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean")


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = torch.sigmoid(a)
    F.kl_div(torch.stack([s, 1 - s], -1).log(), b, reduction="batchmean")


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(F.log_softmax(a, -1), -1), b, reduction="batchmean")


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    w = F.softmax(a, -1) * mask
    F.kl_div(F.log_softmax(b, -1), w / w.sum(-1, keepdim=True), reduction="batchmean")


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = eps * F.softmax(a, -1) + (1 - eps) * F.softmax(b, -1)
    F.kl_div(F.log_softmax(a, -1), m, reduction="batchmean")


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = F.normalize(a) @ F.normalize(b).t()
    F.kl_div(F.log_softmax(s, -1), q, reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    j = F.kl_div(F.log_softmax(a, -1), p, reduction="batchmean")
    k = F.kl_div(F.log_softmax(b, -1), p, reduction="batchmean")
    return (j - k).abs()


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1) * mask, reduction="batchmean")


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.normalize(b, p=1, dim=-1), reduction="batchmean")


def case_9(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    mu, logvar = model(x)
    F.kl_div(F.log_softmax(mu, -1), F.softmax(logvar, -1), reduction="batchmean")


def smoothed_in_numbers(z, labels):
    target = F.one_hot(labels, 10).float() * 0.9 + 0.01
    return F.kl_div(z.log_softmax(-1), target, reduction="batchmean")


def smoothed_by_a_share_of_the_classes(z, labels, classes):
    target = 0.9 * F.one_hot(labels, classes) + 0.1 / classes
    return F.kl_div(z.log_softmax(-1), target, reduction="batchmean")
