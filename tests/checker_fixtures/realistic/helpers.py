import torch
import torch.nn.functional as F

def soft(logits, T, log=False):
    if log:
        return F.log_softmax(logits / T, dim=-1)
    return F.softmax(logits / T, dim=-1)

def kd(s, t, T=2.0):
    return F.kl_div(soft(s, T, log=True), soft(t, T), reduction="batchmean") * T * T

def kd_bad(s, t, T=2.0):
    return F.kl_div(soft(s, T), soft(t, T), reduction="batchmean") * T * T  # KL001

def kd_bad2(s, t, T=2.0):
    return F.kl_div(soft(s, T, log=True), soft(t, T, True), reduction="batchmean") * T * T  # KL002
