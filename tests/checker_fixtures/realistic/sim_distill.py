import torch
import torch.nn.functional as F

def similarity_kd(f_s, f_t):
    f_s = F.normalize(f_s, dim=1)
    f_t = F.normalize(f_t, dim=1)
    sim_s = f_s @ f_s.t()
    sim_t = f_t @ f_t.t()
    wrong = F.kl_div(sim_s, sim_t, reduction="batchmean")  # KL010, KL010
    right = F.kl_div(F.log_softmax(sim_s, dim=1), F.softmax(sim_t, dim=1), reduction="batchmean")
    return right + wrong
