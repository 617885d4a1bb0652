import torch
import torch.nn.functional as F
def safe_log(p):
    return torch.log(torch.clamp(p, min=1e-10))  # KL006
def f(a, b):
    return F.kl_div(safe_log(a), b, reduction="sum")
def kl_categorical(p, q):
    return F.kl_div(safe_log(q), p, reduction="batchmean")
