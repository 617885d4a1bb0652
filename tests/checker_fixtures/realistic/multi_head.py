import torch
import torch.nn as nn
import torch.nn.functional as F

class M(nn.Module):
    def __init__(self, d, c):
        super().__init__()
        self.heads = nn.ModuleList([nn.Linear(d, c) for _ in range(4)])
    def forward(self, x):
        return [h(x) for h in self.heads]

def train(model, x, y):
    m = M(3, 4)
    outs = m(x)
    loss = 0
    for i, o in enumerate(outs):
        loss += F.kl_div(o, F.softmax(outs[-1].detach(), dim=1), reduction="batchmean")  # KL001
        loss += F.kl_div(F.log_softmax(o, dim=1), F.softmax(outs[-1].detach(), dim=1), reduction="batchmean")
    return loss
