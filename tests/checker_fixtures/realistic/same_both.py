import torch.nn.functional as F
def f(model, x, noise):
    p = model(x)
    q = model(x + noise)
    return F.kl_div(p, q, reduction="batchmean")
def g(p, q):
    return 0.5 * F.kl_div(p, q, reduction="batchmean") + 0.5 * F.kl_div(q, p, reduction="batchmean")  # KL002, KL002
def h(p, q):
    return F.kl_div(p.log(), q, reduction="batchmean") + F.kl_div(q.log(), p, reduction="batchmean")
def i(p, q):
    a = F.kl_div(p, q.exp(), reduction="batchmean")
    b = F.kl_div(q, p.exp(), reduction="batchmean")
    return a + b
def j(p):
    return F.kl_div(p, p, reduction="batchmean")  # KL002
def k(p, views):
    return F.kl_div(p, p, reduction="batchmean", log_target=True) + sum(F.kl_div(v, v.exp()).sum() for v in views)  # KL003
