import torch
from scipy.special import kl_div
from .losses import KLDivLoss

def kl(p, q):
    return kl_div(p, q).sum()

criterion = KLDivLoss(torch.ones(3), torch.ones(3))
