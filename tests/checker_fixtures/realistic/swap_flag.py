import torch
import torch.nn.functional as F
def kl(p_logits, q_logits, swap=False):
    if swap:
        p_logits, q_logits = q_logits, p_logits
    return F.kl_div(F.log_softmax(q_logits, -1), F.softmax(p_logits, -1), reduction="batchmean")
def klb(lp, lq, direction):
    if direction == "fwd":
        return F.kl_div(lq, lp.exp(), reduction="sum")
    return F.kl_div(lp, lq.exp(), reduction="sum")
