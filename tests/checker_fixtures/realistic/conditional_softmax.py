import torch
import torch.nn.functional as F
class D(torch.nn.Module):
    def __init__(self, use_log):
        super().__init__()
        self.act = torch.nn.LogSoftmax(dim=-1) if use_log else torch.nn.Softmax(dim=-1)
    def forward(self, x, y):
        return F.kl_div(self.act(x), y, reduction="batchmean")
