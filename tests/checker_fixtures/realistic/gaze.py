import torch
import torch.nn as nn
class LogSoftMaxKL(nn.Module):
    def __init__(self):
        super().__init__()
        self.kl = nn.KLDivLoss(reduction="batchmean")
        self.logsoftmax = nn.LogSoftmax(dim=1)
    def forward(self, pred, gt):
        b = pred.size(0)
        pred = pred.view(b, -1)
        gt = gt.view(b, -1)
        gt = gt / gt.sum(dim=1, keepdim=True)
        return self.kl(self.logsoftmax(pred), gt)
def saliency_kl(pred, gt):
    b, c, h, w = pred.shape
    p = pred.view(b, -1)
    p = p / p.sum(1, keepdim=True)
    g = gt.view(b, -1)
    g = g / g.sum(1, keepdim=True)
    return nn.functional.kl_div(p, g, reduction="batchmean")  # KL001
