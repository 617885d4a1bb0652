import torch.nn.functional as F

def bad(a, b, T):
    return F.kl_div(F.log_softmax(a, dim=1) / T, F.softmax(b / T, dim=1), reduction="batchmean")  # KL010

def bad2(a, b, T):
    return F.kl_div(F.log_softmax(a / T, dim=1), F.softmax(b, dim=1) / T, reduction="batchmean")  # KL010

def good(p, b, eps):
    q = (1 - eps) * F.softmax(p, dim=1) + eps * F.softmax(b, dim=1)
    return F.kl_div(F.log_softmax(p, dim=1), q, reduction="batchmean")

def good2(p, y, n):
    onehot = F.one_hot(y, n).float()
    q = onehot * 0.9 + 0.1 / n
    return F.kl_div(F.log_softmax(p, dim=1), q, reduction="batchmean")

def good3(p, y, lam, n):
    q = lam * F.one_hot(y, n) + (1 - lam) * F.one_hot(y.flip(0), n)
    return F.kl_div(F.log_softmax(p, dim=1), q.float(), reduction="batchmean")

def good4(p, t, T):
    q = F.softmax(t, dim=1) ** (1 / T)
    q = q / q.sum(dim=1, keepdim=True)
    return F.kl_div(F.log_softmax(p, dim=1), q, reduction="batchmean")

def good5(x, y):
    lp = x - x.logsumexp(dim=-1, keepdim=True)
    return F.kl_div(lp, F.softmax(y, -1), reduction="batchmean")

def good6(x, w):
    w = w / w.sum(-1, keepdim=True)
    return F.kl_div(F.log_softmax(x, -1), w, reduction="batchmean")

def bad3(x, w):
    w = w / w.sum(-1, keepdim=True)
    x = x / x.sum(-1, keepdim=True)
    return F.kl_div(x, w, reduction="batchmean")  # KL001
