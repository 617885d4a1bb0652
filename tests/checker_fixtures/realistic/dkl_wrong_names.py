import torch
import torch.nn.functional as F
def distill(s_probs, t_probs):
    s = torch.log(s_probs + 1e-9)  # KL006
    return F.kl_div(s, t_probs, reduction="batchmean")
def distill2(z_s, z_t, temp=3):
    log_p = F.softmax(z_s / temp, dim=-1)
    q = F.softmax(z_t / temp, dim=-1)
    return F.kl_div(log_p, q, reduction="batchmean") * temp ** 2  # KL001
