import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision import models
class Wrap(nn.Module):
    def __init__(self):
        super().__init__()
        self.base = models.resnet18()
        self.base.fc = nn.Identity()
        self.head = nn.Linear(512, 7)
    def forward(self, x):
        return self.head(self.base(x))
def f(x, dist):
    return F.kl_div(Wrap()(x).softmax(1), dist, reduction="batchmean")  # KL001
def g(x, dist):
    return F.kl_div(Wrap()(x).log_softmax(1), dist, reduction="batchmean")
