import torch
import torch.nn as nn
import torch.nn.functional as F
def pseudo(model, x_w, x_s, T, p_cutoff):
    logits_w = model(x_w)
    logits_s = model(x_s)
    probs = torch.softmax(logits_w.detach() / T, dim=-1)
    max_probs, idx = torch.max(probs, dim=-1)
    mask = max_probs.ge(p_cutoff).float()
    loss = F.kl_div(F.log_softmax(logits_s, -1), probs, reduction="none").sum(-1) * mask
    return loss.mean()
