import torch
import torch.nn as nn
import torch.nn.functional as F
class MCD(nn.Module):
    def __init__(self, g, c1, c2):
        super().__init__()
        self.g, self.c1, self.c2 = g, c1, c2
    def discrepancy(self, o1, o2):
        return torch.mean(torch.abs(F.softmax(o1, 1) - F.softmax(o2, 1)))
    def sym(self, o1, o2):
        p1, p2 = F.softmax(o1, dim=1), F.softmax(o2, dim=1)
        return 0.5 * (F.kl_div(p1.log(), p2, reduction="batchmean") + F.kl_div(p2.log(), p1, reduction="batchmean"))  # KL006, KL006
    def forward(self, x, y):
        f = self.g(x)
        o1, o2 = self.c1(f), self.c2(f)
        return F.cross_entropy(o1, y) + F.cross_entropy(o2, y) + self.sym(o1, o2)
