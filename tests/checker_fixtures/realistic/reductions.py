import torch
import torch.nn as nn
import torch.nn.functional as F

def a(x, y, mask):
    kl = F.kl_div(F.log_softmax(x, -1), F.softmax(y, -1), reduction="none")
    kl = kl.sum(dim=-1)
    return (kl * mask).sum() / mask.sum()

def b(x, y):
    kl = F.kl_div(F.log_softmax(x, -1), F.softmax(y, -1), reduction="none")
    return torch.mean(kl)  # KL003

def c(x, y):
    kl = F.kl_div(F.log_softmax(x, 1), F.softmax(y, 1), reduction="none").sum(1)
    return kl.mean()

def d(x, y):
    return F.kl_div(F.log_softmax(x, 1), F.softmax(y, 1), reduction="mean") * x.size(1)

def e(x, y, num_classes):
    return F.kl_div(F.log_softmax(x, 1), F.softmax(y, 1)) * num_classes

def f(x, y, red):
    return F.kl_div(F.log_softmax(x, 1), F.softmax(y, 1), reduction=red)

def g(x, y):
    return F.kl_div(F.log_softmax(x, 1), F.softmax(y, 1), None, None, "sum")

def h(x, y, mask):
    kl = F.kl_div(F.log_softmax(x, -1), F.softmax(y, -1), reduction="none")
    return kl[mask].mean()  # KL003

def i(x, y):
    kl = F.kl_div(F.log_softmax(x, -1), F.softmax(y, -1), reduction="none")
    return kl.mean(0).sum()

def j(x, y):
    return F.kl_div(F.log_softmax(x, -1), F.softmax(y, -1), False)  # KL005

def k(x, y):
    return nn.KLDivLoss(reduce=False)(F.log_softmax(x, -1), F.softmax(y, -1)).sum(1).mean()  # KL005
