import torch
import torch.nn as nn
import torch.nn.functional as F

def target_distribution(q):
    weight = q**2 / q.sum(0)
    return (weight.t() / weight.sum(1)).t()

class IDEC(nn.Module):
    def __init__(self, n_clusters, n_z):
        super().__init__()
        self.cluster_layer = nn.Parameter(torch.Tensor(n_clusters, n_z))

    def forward(self, z):
        q = 1.0 / (1.0 + torch.sum(torch.pow(z.unsqueeze(1) - self.cluster_layer, 2), 2))
        q = q.pow((1 + 1.0) / 2.0)
        q = (q.t() / torch.sum(q, 1)).t()
        return q

def train(model, x):
    q = model(x)
    p = target_distribution(q).detach()
    kl_loss = F.kl_div(q.log(), p, reduction='batchmean')
    kl_bad = F.kl_div(q, p, reduction='batchmean')  # KL001
    return kl_loss + kl_bad


class Clusters(nn.Module):
    def sharpened(self, q):
        weight = q**2 / q.sum(0)
        return (weight.t() / weight.sum(1)).t()

    def forward(self, z, centres):
        q = 1.0 / (1.0 + torch.cdist(z, centres) ** 2)
        q = q / q.sum(1, keepdim=True)
        wrong = F.kl_div(q, self.sharpened(q).detach(), reduction="batchmean")  # KL001
        return wrong + F.kl_div(q.log(), self.sharpened(q).detach(), reduction="batchmean")
