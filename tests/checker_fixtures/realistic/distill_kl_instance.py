import torch
import torch.nn as nn
import torch.nn.functional as F
class DistillKL(nn.Module):
    def __init__(self, T):
        super().__init__()
        self.T = T
    def forward(self, ys, yt):
        return F.kl_div(F.log_softmax(ys / self.T, 1), F.softmax(yt / self.T, 1), reduction="batchmean")
class System:
    def __init__(self):
        self.kd = DistillKL(4.0)
        self.T = 4.0
    def step(self, s, t):
        return self.kd(s, t) * self.T ** 2
