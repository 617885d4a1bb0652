import torch
import torch.nn as nn

def f(student_out, teacher_out):
    loss = nn.KLDivLoss(student_out, teacher_out)  # KL014
    return loss

def g(a, b):
    p = torch.log_softmax(a, 1)
    return nn.KLDivLoss(p, b.softmax(1), reduction="batchmean")  # KL014

def h(size_average, reduce):
    return nn.KLDivLoss(size_average, reduce, "batchmean")  # KL005, KL005
