import torch
import torch.nn.functional as F
def f(a, b, mask):
    q = F.softmax(b, -1) * mask
    return F.kl_div(F.log_softmax(a, -1), q, reduction="sum")
def g(a, b, mask):
    lp = F.log_softmax(a, -1) * mask
    return F.kl_div(lp, F.softmax(b, -1) * mask, reduction="sum")
def h(a, b, **kw):
    return F.kl_div(F.softmax(a, -1), b, **kw)  # KL001
def i(a, b, weight):
    q = F.softmax(b, -1) * weight.unsqueeze(0)
    q = q / q.sum(-1, keepdim=True)
    return F.kl_div(F.log_softmax(a, -1), q, reduction="sum")
def j(a, b):
    return F.kl_div(-F.log_softmax(a, -1), F.softmax(b, -1), reduction="sum")  # KL010
def k(a, b):
    q = F.softmax(b, -1)
    q = q.masked_fill(q < 0.01, 0.0)
    q = q / q.sum(-1, keepdim=True)
    return F.kl_div(F.log_softmax(a, -1), q, reduction="sum")
