import torch
import torch.nn.functional as F

def f(x, y, use_log, other):
    if use_log:
        p = F.log_softmax(x, dim=1)
    else:
        p = other(x)
    return F.kl_div(p, F.softmax(y, dim=1), reduction="batchmean")

def g(x, y, flag):
    p = F.softmax(x, dim=1)
    if flag:
        p = p.log()
    return F.kl_div(p, F.softmax(y, dim=1), reduction="batchmean")

def h(x, y, flag):
    if flag:
        p = F.softmax(x, dim=1)
    else:
        p = F.softmax(x * 2, dim=1)
    return F.kl_div(p, F.softmax(y, dim=1), reduction="batchmean")  # KL001

def i(x, y, flag):
    target = F.log_softmax(y, dim=1) if flag else F.softmax(y, dim=1)
    return F.kl_div(F.log_softmax(x, dim=1), target, log_target=flag, reduction="batchmean")

def j(x, y):
    p = F.softmax(x, 1) if x.dim() == 2 else F.softmax(x, 1)
    return F.kl_div(p, F.softmax(y, dim=1), reduction="batchmean")  # KL001
