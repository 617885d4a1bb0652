import torch
import torch.nn.functional as F
def f(model, x, y, t):
    out = model(x)
    ce = F.cross_entropy(out.view(-1, out.size(-1)), y.view(-1))
    kd = F.kl_div(out, t, reduction="sum")  # KL001
    return ce + kd
def g(model, x, y, t):
    out = model(x)
    out = out.float()
    ce = F.cross_entropy(out.transpose(1, 2), y)
    kd = F.kl_div(out, t, reduction="sum")  # KL001
    return ce + kd
