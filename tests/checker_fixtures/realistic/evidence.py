import torch
import torch.nn.functional as F

def a(x, t, y):
    ce = F.cross_entropy(x, y)
    return ce + F.kl_div(x, t, reduction="batchmean")  # KL001

def b(lp, t, y):
    nll = F.nll_loss(lp, y)
    return nll + F.kl_div(lp, t, reduction="batchmean")

def c(lp, lq):
    p = lp.exp()
    entropy = -(p * lp).sum(-1).mean()
    return F.kl_div(lq, lp, reduction="batchmean") + entropy  # KL002

def d(prob, t, y):
    bce = F.binary_cross_entropy(prob, y)
    return bce + F.kl_div(prob, t, reduction="batchmean")  # KL001

def e(p, q):
    return F.kl_div(p, q, reduction="batchmean") + torch.log(p).mean()  # KL001

def f(dist_params, t):
    d = torch.distributions.Categorical(logits=dist_params)
    return F.kl_div(dist_params, t, reduction="sum") + d.entropy().mean()  # KL001
