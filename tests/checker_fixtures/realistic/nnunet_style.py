import torch
import torch.nn as nn
import torch.nn.functional as F

class UNet(nn.Module):
    def __init__(self, c, k):
        super().__init__()
        self.enc = nn.Conv2d(c, 32, 3, padding=1)
        self.out = nn.Conv2d(32, k, 1)

    def forward(self, x):
        return self.out(F.relu(self.enc(x)))

def train(model, ema, x, u):
    logits = model(x)
    with torch.no_grad():
        pseudo = torch.softmax(ema(u), dim=1)
    net = UNet(3, 5)
    l1 = F.kl_div(net(x), pseudo, reduction="mean")  # KL001, KL003
    l2 = F.kl_div(torch.log_softmax(net(x), dim=1), pseudo, reduction="none").sum(1).mean()
    l3 = F.kl_div(torch.log_softmax(net(x), dim=1), pseudo, reduction="batchmean")  # KL004
    return l1 + l2 + l3
