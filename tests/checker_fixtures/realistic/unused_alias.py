from torch.nn.functional import kl_div
from torch.nn import KLDivLoss as KL
import torch
def f(a, b):
    c = KL(reduction="sum")
    return c(torch.softmax(a, 1), b) + kl_div(torch.log_softmax(a, 1), b, reduction="sum")  # KL001
