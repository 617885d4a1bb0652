from torch import nn
from torch.nn import functional as nnf
from torch.nn.functional import kl_div as kld, log_softmax as lsm, softmax as smx
import torch as th

def f(a, b):
    x = kld(lsm(a, 1), smx(b, 1), reduction="batchmean")
    y = nnf.kl_div(smx(a, 1), smx(b, 1), reduction="batchmean")  # KL001
    z = th.nn.functional.kl_div(lsm(a, 1), lsm(b, 1), reduction="batchmean")  # KL002
    w = th.kl_div(lsm(a, 1), smx(b, 1), reduction=2)
    return x + y + z + w
