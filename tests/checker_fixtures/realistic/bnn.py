import torch
import torch.nn as nn
import torch.nn.functional as F
class BayesLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.weight_mu = nn.Parameter(torch.zeros(o, i))
        self.weight_sigma = nn.Parameter(torch.ones(o, i))
    def kl(self):
        return F.kl_div(self.weight_mu, self.weight_sigma, reduction="sum")  # KL010
