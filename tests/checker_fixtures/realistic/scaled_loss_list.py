import torch
import torch.nn.functional as F
def f(ss, ts, T, ws):
    total = torch.zeros(1)
    for s, t, w in zip(ss, ts, ws):
        kl = F.kl_div(F.log_softmax(s / T, 1), F.softmax(t / T, 1), reduction="batchmean")
        total += w * kl
    return total * T ** 2
def g(ss, ts, T):
    kls = torch.stack([F.kl_div(F.log_softmax(s / T, 1), F.softmax(t / T, 1), reduction="batchmean") for s, t in zip(ss, ts)])
    return kls.mean() * T * T
