import torch
import torch.nn.functional as F
def f(x, y, noise):
    p = F.softmax(x, -1) + noise
    return F.kl_div(p, y, reduction="sum")
def g(x, y):
    p = F.softmax(x, -1) + 1e-6
    return F.kl_div(p, y, reduction="sum")  # KL001
def h(x, y):
    lp = F.log_softmax(x, -1) + 1e-6
    return F.kl_div(lp, y, reduction="sum")
def i(x, y):
    return F.kl_div((F.softmax(x, -1) + 1e-6).log(), y, reduction="sum")  # KL006
def j(x, y):
    return F.kl_div(F.log_softmax(x, -1), (y + 1e-6).log(), reduction="sum")  # KL002, KL006
