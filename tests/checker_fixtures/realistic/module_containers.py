import torch.nn as nn
import torch.nn.functional as F

class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.losses = nn.ModuleDict({"kd": nn.KLDivLoss(reduction="batchmean"), "ce": nn.CrossEntropyLoss()})

    def forward(self, out, y, soft):
        ce = self.losses["ce"](out, y)
        return ce + self.losses["kd"](out, F.softmax(soft, dim=-1))  # KL001

    def right(self, out, soft):
        return self.losses["kd"](F.log_softmax(out, dim=-1), F.softmax(soft, dim=-1))

class ByNumber(nn.Module):
    def __init__(self, device):
        super().__init__()
        self.losses = nn.ModuleList([nn.KLDivLoss(reduction="batchmean"), nn.MSELoss()]).to(device)

    def forward(self, out, soft):
        return self.losses[0](F.softmax(out, dim=-1), F.softmax(soft, dim=-1))  # KL001

class Heads(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.heads = nn.ModuleDict({"a": nn.Linear(size, 10), "b": nn.Sequential(nn.Linear(size, 10), nn.LogSoftmax(dim=-1))})
        self.kl = nn.KLDivLoss(reduction="batchmean")

    def forward(self, x, soft):
        return self.kl(self.heads["a"](x), soft) + self.kl(self.heads["b"](x), soft)  # KL001
