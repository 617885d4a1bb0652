import torch
import torch.nn as nn
import torch.nn.functional as F
def kd_lwf(new_logits, old_logits, T=2):
    pre_p = torch.softmax(old_logits / T, dim=1)
    p = torch.log_softmax(new_logits / T, dim=1)
    return -1 * torch.mul(pre_p, p).sum() / pre_p.shape[0]
def kd2(new_logits, old_logits, T=2):
    return F.kl_div(torch.softmax(new_logits / T, 1), torch.softmax(old_logits / T, 1), reduction="batchmean") * T * T  # KL001
