import torch, numpy as np
import torch.nn.functional as F
def f(model, x, y, n):
    lam = np.random.beta(1.0, 1.0)
    idx = torch.randperm(x.size(0))
    t = F.one_hot(y, n).float()
    t = lam * t + (1 - lam) * t[idx]
    return F.kl_div(F.log_softmax(model(x), 1), t, reduction="batchmean")
def g(x, y, w):
    t = w[0] * F.softmax(x, 1) + w[1] * F.softmax(y, 1)
    return F.kl_div(F.log_softmax(x, 1), t, reduction="batchmean")
