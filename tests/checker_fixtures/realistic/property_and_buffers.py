import torch
import torch.nn as nn
import torch.nn.functional as F
class P(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.register_buffer("prior", torch.ones(n) / n)
        self.w = nn.Parameter(torch.zeros(n))
    @property
    def dist(self):
        return F.softmax(self.w, dim=-1)
    def forward(self):
        return F.kl_div(self.dist.log(), self.prior, reduction="sum")  # KL006
