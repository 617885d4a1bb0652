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

def outcome_by_outcome(a, b):
    yes = F.kl_div(F.logsigmoid(a), torch.sigmoid(b), reduction="none")
    no = F.kl_div(F.logsigmoid(-a), torch.sigmoid(-b), reduction="none")
    return (yes + no).mean()

def complement_by_subtraction(a, b):
    p, q = torch.sigmoid(a), torch.sigmoid(b)
    yes = F.kl_div(p.log(), q, reduction="sum")
    return yes + F.kl_div((1 - p).log(), 1 - q, reduction="sum")

def two_heads(a, b, c, d):
    one = F.kl_div(F.logsigmoid(a), torch.sigmoid(b), reduction="sum")  # KL010, KL010
    return one + F.kl_div(F.logsigmoid(c), torch.sigmoid(d), reduction="sum")  # KL010, KL010

def no_logarithm(a, b):
    p, q = torch.sigmoid(a), torch.sigmoid(b)
    return F.kl_div(p, q, reduction="sum") + F.kl_div(1 - p, 1 - q, reduction="sum")  # KL001, KL001
