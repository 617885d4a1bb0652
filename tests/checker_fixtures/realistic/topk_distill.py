import torch
import torch.nn.functional as F

def topk_kd(s, t, k):
    tv, ti = torch.topk(t, k, dim=-1)
    sv = s.gather(-1, ti)
    return F.kl_div(F.log_softmax(sv, -1), F.softmax(tv, -1), reduction="batchmean")

def topk_bad(s, t, k):
    tp = F.softmax(t, -1)
    tv, ti = tp.topk(k, dim=-1)
    sv = F.log_softmax(s, -1).gather(-1, ti)
    return F.kl_div(sv, tv, reduction="batchmean")
