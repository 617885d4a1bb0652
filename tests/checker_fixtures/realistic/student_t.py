import torch
import torch.nn as nn
import torch.nn.functional as F
class SDCN(nn.Module):
    def forward(self, z):
        q = 1.0 / (1.0 + torch.sum(torch.pow(z.unsqueeze(1) - self.cluster, 2), 2) / self.v)
        q = q.pow((self.v + 1.0) / 2.0)
        q = (q.t() / torch.sum(q, 1)).t()
        predict = F.softmax(z, dim=1)
        return q, predict, z
def train(model, x, p):
    q, pred, _ = model(x)
    kl_loss = F.kl_div(q.log(), p, reduction='batchmean')
    ce_loss = F.kl_div(pred.log(), p, reduction='batchmean')
    return kl_loss + ce_loss
def train2(x, p):
    model = SDCN()
    q, pred, _ = model(x)
    kl_loss = F.kl_div(q.log(), p, reduction='batchmean')
    ce_loss = F.kl_div(pred.log(), p, reduction='batchmean')  # KL006
    return kl_loss + ce_loss
