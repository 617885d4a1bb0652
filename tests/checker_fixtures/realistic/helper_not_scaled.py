import torch.nn.functional as F

def kd_raw(s, t, T):
    return F.kl_div(F.log_softmax(s / T, dim=-1), F.softmax(t / T, dim=-1), reduction="batchmean")  # KL007

def total(s, t, y, T=4.0, alpha=0.5):
    loss = kd_raw(s, t, T)
    return alpha * loss + (1 - alpha) * F.cross_entropy(s, y)
