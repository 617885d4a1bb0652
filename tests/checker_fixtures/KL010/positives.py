import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.softmax(a, -1) / 4, b, reduction="batchmean")  # KL010


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(F.softmax(a, -1), -1), b, reduction="batchmean")  # KL010


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), torch.sigmoid(b), reduction="batchmean")  # KL010


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    mu, logvar = model(x)
    F.kl_div(mu, logvar, reduction="batchmean")  # KL010


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.cosine_similarity(a, b), q, reduction="batchmean")  # KL010


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    abs(F.kl_div(F.log_softmax(a, -1), b, reduction="batchmean"))  # KL010


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.logsigmoid(a), q, reduction="batchmean")  # KL010


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), F.normalize(b), reduction="batchmean")  # KL010


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(-F.log_softmax(a, -1), b, reduction="batchmean")  # KL010


def case_9(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(torch.log2(F.softmax(a, -1)), b, reduction="batchmean")  # KL010


def case_10(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), torch.rand(3, 4), reduction="batchmean")  # KL010
