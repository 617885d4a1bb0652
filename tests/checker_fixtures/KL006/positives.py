import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(torch.log(F.softmax(a, -1)), b, reduction="batchmean")  # KL006


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(a.softmax(-1).log(), b, reduction="batchmean")  # KL006


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(torch.log(p + 1e-8), q, reduction="batchmean")  # KL006


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div((p + eps).log(), q, reduction="batchmean")  # KL006


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(torch.log(p.clamp(min=1e-8)), q, reduction="batchmean")  # KL006


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    s = F.softmax(a, -1)
    s = torch.clamp(s, 1e-7, 1.0)
    ls = s.log()  # KL006
    F.kl_div(ls, q, reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(F.log_softmax(a, -1), torch.log(F.softmax(b, -1)), reduction="batchmean", log_target=True)  # KL006


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    def safe(z):
        return torch.log(z + 1e-10)  # KL006
    F.kl_div(safe(p), q, reduction="batchmean")


def zeros_lifted(a, b):
    p = F.softmax(a, -1)
    log_p = torch.log(p + (p == 0.0).float() * 1e-8)  # KL006
    return F.kl_div(log_p, b, reduction="batchmean")


def sigmoid_lifted(a, b):
    on, off = torch.sigmoid(a), torch.sigmoid(b)
    first = F.kl_div((on + 1e-7).log(), off, reduction="sum")  # KL006
    return first + F.kl_div((1 - on + 1e-7).log(), 1 - off, reduction="sum")  # KL006
