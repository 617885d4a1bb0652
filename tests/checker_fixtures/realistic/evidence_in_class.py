import torch
import torch.nn as nn
import torch.nn.functional as F
class T:
    def __init__(self, m, t):
        self.m = m
        self.t = t
        self.ce = nn.CrossEntropyLoss()
    def step(self, x, y):
        self.out = self.m(x)
        loss = self.ce(self.out, y)
        return loss + self.reg(x)
    def reg(self, x):
        with torch.no_grad():
            t = self.t(x).softmax(-1)
        return F.kl_div(self.out, t, reduction="batchmean")  # KL001
