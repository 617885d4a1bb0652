import torch
import torch.nn as nn

class KDLoss(nn.Module):
    def __init__(self, temp: float = 4.0, reduction: str = "batchmean"):
        super().__init__()
        self.temp = temp
        self.log_softmax = nn.LogSoftmax(dim=-1)
        self.softmax = nn.Softmax(dim=-1)
        self.kl = nn.KLDivLoss(reduction=reduction)

    def forward(self, s, t):
        return self.kl(self.log_softmax(s / self.temp), self.softmax(t / self.temp)) * self.temp ** 2

class KDLossSwapped(KDLoss):
    def forward(self, s, t):
        return self.kl(self.softmax(s / self.temp), self.log_softmax(t / self.temp)) * self.temp ** 2  # KL001, KL002
