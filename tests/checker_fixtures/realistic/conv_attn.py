import torch
import torch.nn as nn
import torch.nn.functional as F
class Att(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q = nn.Linear(d, d)
        self.k = nn.Linear(d, d)
        self.scale = d ** -0.5
    def forward(self, x):
        att = (self.q(x) @ self.k(x).transpose(-2, -1)) * self.scale
        return att.softmax(dim=-1)
def f(a, b, x, y):
    s = Att(3)
    p, q = s(x), s(y)
    ok = F.kl_div((p + 1e-8).log(), q, reduction="sum")  # KL006
    bad = F.kl_div(p, q, reduction="sum")  # KL001
    return ok + bad
