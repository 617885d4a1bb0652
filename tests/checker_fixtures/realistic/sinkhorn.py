import torch
import torch.nn.functional as F
@torch.no_grad()
def sinkhorn(out, eps, n_iter):
    Q = torch.exp(out / eps).t()
    Q /= torch.sum(Q)
    for _ in range(n_iter):
        Q /= torch.sum(Q, dim=1, keepdim=True)
        Q /= torch.sum(Q, dim=0, keepdim=True)
    return Q.t()
def loss(student, teacher):
    return F.kl_div(F.log_softmax(student / 0.1, dim=1), sinkhorn(teacher, 0.05, 3), reduction="batchmean")
