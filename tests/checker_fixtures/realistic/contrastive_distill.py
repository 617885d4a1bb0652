import torch
import torch.nn.functional as F

def ckd(q, k, queue, t, teacher_q):
    sim_s = torch.einsum("nc,ck->nk", [q, queue]) / t
    sim_t = torch.einsum("nc,ck->nk", [teacher_q, queue]) / t
    p_t = F.softmax(sim_t, dim=1).detach()
    log_p_s = F.log_softmax(sim_s, dim=1)
    return F.kl_div(log_p_s, p_t, reduction="batchmean")  # KL007
