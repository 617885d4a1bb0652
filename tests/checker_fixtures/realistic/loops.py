import torch
import torch.nn.functional as F

def f(xs, ys):
    total = 0
    prev = None
    for x, y in zip(xs, ys):
        p = F.log_softmax(x, dim=-1)
        q = F.softmax(y, dim=-1)
        if prev is not None:
            total = total + F.kl_div(p, prev, reduction="batchmean")
        prev = q
    return total

def g(xs, y):
    p = F.log_softmax(xs[0], dim=-1)
    total = 0
    for x in xs:
        total += F.kl_div(p, y, reduction="sum")
        p = F.softmax(x, dim=-1)
    return total

def h(models, x, y):
    return sum(F.kl_div(F.softmax(m(x), dim=-1), y, reduction="sum") for m in models)  # KL001

def k(models, x, y):
    return [F.kl_div(F.log_softmax(m(x), dim=-1), y, reduction="sum") for m in models]
