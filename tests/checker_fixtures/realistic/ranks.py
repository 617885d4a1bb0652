import torch
import torch.nn.functional as F

def lm(student_logits, teacher_logits):
    s = student_logits[..., :-1, :].contiguous()
    t = teacher_logits[..., :-1, :].contiguous()
    return F.kl_div(F.log_softmax(s.view(-1, s.size(-1)), dim=-1), F.softmax(t.view(-1, t.size(-1)), dim=-1), reduction="batchmean")

def seq(s, t):
    s = s[:, :-1, :]
    t = t[:, :-1, :]
    return F.kl_div(F.log_softmax(s, dim=-1), F.softmax(t, dim=-1), reduction="batchmean")  # KL004

def seq2(s, t):
    return F.kl_div(F.log_softmax(s, dim=2), F.softmax(t, dim=2), reduction="batchmean")  # KL004

def seq3(s, t):
    B, T, V = s.shape
    return F.kl_div(F.log_softmax(s, dim=-1), F.softmax(t, dim=-1), reduction="batchmean") / T

def seq4(s, t):
    B, T, V = s.size()
    s = s.reshape(B * T, V)
    t = t.reshape(B * T, V)
    return F.kl_div(F.log_softmax(s, dim=-1), F.softmax(t, dim=-1), reduction="batchmean")

def vec(a, b):
    return F.kl_div(F.log_softmax(a.view(-1), dim=0), F.softmax(b.view(-1), dim=0), reduction="batchmean")  # KL004
