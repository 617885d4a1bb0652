import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    teacher, student = model(x)
    F.kl_div(F.log_softmax(student, -1), F.softmax(teacher, -1), reduction="batchmean")


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    teacher, student = model(x)
    if model == 'reverse':
        F.kl_div(F.log_softmax(teacher, -1), F.softmax(student, -1), reduction="batchmean")


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    teacher, student = model(x)
    reverse_kl = F.kl_div(F.log_softmax(teacher, -1), F.softmax(student, -1), reduction="batchmean")


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    def kl(p, q):
        """KL(p || q)."""
        return F.kl_div(q.log(), p, reduction="batchmean")


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(p.log(), q, reduction="batchmean")


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    teacher, student = model(x)
    s = F.kl_div(F.log_softmax(teacher, -1), F.softmax(student, -1), reduction="batchmean")
    s = s + F.kl_div(F.log_softmax(student, -1), F.softmax(teacher, -1), reduction="batchmean")


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    def reverse_kl(teacher, student):
        return F.kl_div(F.log_softmax(teacher, -1), F.softmax(student, -1), reduction="batchmean")


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    # KL(q || p)
    F.kl_div(p.log(), q, reduction="batchmean")


def case_8(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    teacher, student = model(x)
    # mode seeking: reversed on purpose
    F.kl_div(F.log_softmax(teacher, -1), F.softmax(student, -1), reduction="batchmean")
