import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.softmax(a, -1), b, reduction="batchmean")  # KL001


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(torch.sigmoid(a), F.softmax(b, -1), reduction="batchmean")  # KL001


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.cross_entropy(a, y)
    F.kl_div(a, F.softmax(b, -1), reduction="batchmean")  # KL001


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = a.softmax(dim=1)
    s = s.view(-1, 10)
    F.kl_div(s, b, reduction="batchmean")  # KL001


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.normalize(a, dim=1), F.softmax(b, 1), reduction="batchmean")  # KL001


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    w = a / a.sum(-1, keepdim=True)
    F.kl_div(w, b, reduction="batchmean")  # KL001


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    z = nn.Linear(3, 4)(a)
    nn.KLDivLoss(reduction="batchmean")(z, F.softmax(b, -1))  # KL001


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(model(x).logits, F.softmax(b, -1), reduction="batchmean")  # KL001


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = F.log_softmax(a, -1).exp()
    F.kl_div(s, b, reduction="batchmean")  # KL001


def case_9(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = F.softmax(a, -1) if mode else F.softmax(2 * a, -1)
    F.kl_div(s, b, reduction="batchmean")  # KL001
