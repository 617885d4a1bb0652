import torch
import torch.nn.functional as F

def make_loss(T):
    def loss(s, t):
        return F.kl_div(F.log_softmax(s / T, 1), F.softmax(t / T, 1), reduction="batchmean") * T ** 2
    return loss

def make_bad(T):
    soften = lambda z: F.softmax(z / T, dim=1)
    def loss(s, t):
        return F.kl_div(soften(s), soften(t), reduction="batchmean") * T ** 2  # KL001
    return loss

kl_loss = lambda s, t: F.kl_div(s.log_softmax(1), t.log_softmax(1), reduction="batchmean")  # KL002
