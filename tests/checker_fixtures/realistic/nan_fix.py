import torch
import torch.nn.functional as F
def f(a, b):
    lp = torch.nan_to_num(F.log_softmax(a, -1), neginf=-100.0)
    q = torch.nan_to_num(F.softmax(b, -1))
    return F.kl_div(lp, q, reduction="sum")
def g(a, b):
    p = F.softmax(a, -1).clamp(min=1e-8)
    q = F.softmax(b, -1).clamp(min=1e-8)
    return F.kl_div(p.log(), q, reduction="sum")  # KL006
def h(a, b):
    p = F.softmax(a, -1).clamp(min=1e-8)
    return F.kl_div(p, F.softmax(b, -1), reduction="sum")  # KL001
