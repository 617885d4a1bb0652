import torch.nn as nn
import torch.nn.functional as F
def make(kind):
    if kind == "log":
        crit = nn.KLDivLoss(reduction="batchmean", log_target=True)
    else:
        crit = nn.KLDivLoss(reduction="batchmean")
    return crit
def f(a, b, kind):
    crit = nn.KLDivLoss(reduction="batchmean") if kind == "mean" else nn.KLDivLoss(reduction="sum")
    return crit(F.softmax(a, 1), F.softmax(b, 1))  # KL001
def g(a, b, kind):
    return make(kind)(F.log_softmax(a, 1), F.softmax(b, 1))
def h(a, b, kind):
    return make(kind)(F.softmax(a, 1), F.softmax(b, 1))  # KL001
