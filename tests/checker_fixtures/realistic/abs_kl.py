import torch
import torch.nn.functional as F

def f(a, b):
    kl = F.kl_div(F.log_softmax(a, 1), F.softmax(b, 1), reduction="batchmean")
    return torch.abs(kl)  # KL010

def g(a, b, c):
    k1 = F.kl_div(F.log_softmax(a, 1), F.softmax(b, 1), reduction="batchmean")
    k2 = F.kl_div(F.log_softmax(a, 1), F.softmax(c, 1), reduction="batchmean")
    return torch.abs(k1 - k2)

def h(a, b):
    return F.kl_div(a.log(), b, reduction="sum").abs()  # KL010
