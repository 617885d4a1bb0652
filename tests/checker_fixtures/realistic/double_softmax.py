import torch
import torch.nn as nn
import torch.nn.functional as F

class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(5, 5), nn.Softmax(dim=-1))
    def forward(self, x):
        return self.net(x)

def f(x, t):
    head = Head()
    return F.kl_div(F.log_softmax(head(x), dim=-1), t, reduction="batchmean")  # KL010

def g(x, t):
    p = F.softmax(x, dim=-1)
    return F.kl_div(F.log_softmax(x, -1), F.softmax(p, dim=-1), reduction="batchmean")  # KL010

def ok(x, t):
    p = F.log_softmax(x, dim=-1)
    return F.kl_div(F.log_softmax(p, dim=-1), t, reduction="batchmean")

def ok2(x, t):
    att = F.softmax(x, dim=1)
    return F.kl_div(F.log_softmax(att, dim=2), t, reduction="sum")
