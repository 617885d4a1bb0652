import torch.nn.functional as F

def kd_raw(s, t, T):
    return F.kl_div(F.log_softmax(s / T, dim=-1), F.softmax(t / T, dim=-1), reduction="batchmean")

def total(s, t, y, T=4.0, alpha=0.5):
    loss = kd_raw(s, t, T)
    loss = alpha * loss * T ** 2 + (1 - alpha) * F.cross_entropy(s, y)
    return loss
