import torch.nn.functional as F

def kd(s, t, temperature):
    p = F.log_softmax(s.div(temperature), dim=1)
    q = F.softmax(t.div(temperature), dim=1)
    loss = F.kl_div(p, q, reduction="batchmean")
    loss *= temperature ** 2
    return loss

def kd2(s, t, args):
    p = F.log_softmax(s / args.T, dim=1)
    q = F.softmax(t / args.T, dim=1)
    scale = args.T * args.T
    loss = F.kl_div(p, q, reduction="batchmean")
    return loss * scale * args.alpha

def kd3(s, t):
    T = 4
    p = F.log_softmax(s / T, dim=1)
    q = F.softmax(t / T, dim=1)
    return 16 * F.kl_div(p, q, reduction="batchmean")

def kd4(s, t):
    T = 4
    p = F.log_softmax(s / T, dim=1)
    q = F.softmax(t / T, dim=1)
    return 0.9 * F.kl_div(p, q, reduction="batchmean")  # KL007

def kd5(s, t, T=1.0):
    s, t = s / 1.0, t / 1.0
    return F.kl_div(F.log_softmax(s, dim=1), F.softmax(t, dim=1), reduction="batchmean")

def kd6(s, t, T):
    losses = []
    for a, b in zip(s, t):
        losses.append(F.kl_div(F.log_softmax(a / T, dim=1), F.softmax(b / T, dim=1), reduction="batchmean"))
    return sum(losses) * (T ** 2)

def kd7(s, t, T):
    d = {}
    d["kd"] = F.kl_div(F.log_softmax(s / T, dim=1), F.softmax(t / T, dim=1), reduction="batchmean") * pow(T, 2)
    return d
