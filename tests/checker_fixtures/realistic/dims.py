import torch.nn.functional as F
import torch.nn as nn
import torch

class A(nn.Module):
    def __init__(self):
        super().__init__()
        self.log_softmax = nn.LogSoftmax()  # KL011
        self.softmax = nn.Softmax(dim=1)
        self.kl = nn.KLDivLoss(reduction="batchmean")

    def forward(self, x, y):
        return self.kl(self.log_softmax(x), self.softmax(y))

def f(x, y):
    return F.kl_div(F.log_softmax(x, dim=0), F.softmax(y, dim=1), reduction="batchmean")  # KL011

def g(x, y):
    return F.kl_div(F.log_softmax(x, dim=-1), F.softmax(y, dim=1), reduction="batchmean")

def h(x, y, dim):
    return F.kl_div(F.log_softmax(x, dim), F.softmax(y, dim), reduction="batchmean")
