import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    teacher_logits, student_logits = model(x)
    F.kl_div(F.log_softmax(teacher_logits, -1), F.softmax(student_logits, -1), reduction="batchmean")  # KL008


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    teacher = model(x)
    student = model(y)
    F.kl_div(teacher.log_softmax(-1), student.softmax(-1), reduction="batchmean")  # KL008


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    def kl(p, q):
        """KL(p || q)."""
        return F.kl_div(p.log(), q, reduction="batchmean")  # KL008


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    # KL(p || q)
    F.kl_div(p.log(), q, reduction="batchmean")  # KL008


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    F.kl_div(p.log(), q, reduction="batchmean")  # KL(p ‖ q) # KL008


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    teacher_out = model(x)
    student_out = model(y)
    k = nn.KLDivLoss(reduction="batchmean")
    k(F.log_softmax(teacher_out, -1), F.softmax(student_out, -1))  # KL008


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    def d(u, v):
        """Divergence D(u || v)."""
        return F.kl_div(F.log_softmax(u, -1), F.softmax(v, -1), reduction="batchmean")  # KL008


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    student_probs, teacher_log_probs = model(x)
    F.kl_div(teacher_log_probs, student_probs, reduction="batchmean")  # KL008
