import torch.nn as nn
import torch.nn.functional as F
class L(nn.Module):
    criterion = nn.KLDivLoss(reduction="batchmean")
    def forward(self, a, b):
        return self.criterion(a.softmax(1), b.softmax(1))  # KL001
