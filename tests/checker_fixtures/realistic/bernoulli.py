import torch
import torch.nn.functional as F

def good(a, b):
    p = torch.sigmoid(a)
    q = torch.sigmoid(b)
    p2 = torch.stack([p, 1 - p], dim=-1)
    q2 = torch.stack([q, 1 - q], dim=-1)
    return F.kl_div(torch.log(p2), q2, reduction="none").sum(-1).mean()

def bad(a, b):
    return F.kl_div(F.logsigmoid(a), torch.sigmoid(b), reduction="batchmean")  # KL010, KL010

def bad2(a, b):
    return F.kl_div(torch.sigmoid(a), torch.sigmoid(b), reduction="batchmean")  # KL001, KL010
