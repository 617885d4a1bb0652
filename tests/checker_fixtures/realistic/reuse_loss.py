import torch
import torch.nn as nn
import torch.nn.functional as F
from collections import OrderedDict
class Head(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.layers = nn.Sequential(OrderedDict([("fc", nn.Linear(8, c)), ("sm", nn.LogSoftmax(dim=1))]))
    def forward(self, x):
        return self.layers(x)
def f(x, t):
    return F.kl_div(Head(3)(x), t, reduction="batchmean")
