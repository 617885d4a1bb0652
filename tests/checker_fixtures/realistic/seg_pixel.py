import torch
import torch.nn as nn
import torch.nn.functional as F

class CriterionPixelWise(nn.Module):
    def __init__(self, ignore_index=255):
        super().__init__()
        self.kl = nn.KLDivLoss(reduction="batchmean")

    def forward(self, preds_S, preds_T):
        N, C, W, H = preds_S.shape
        s = preds_S.permute(0, 2, 3, 1).contiguous().view(-1, C)
        t = preds_T.permute(0, 2, 3, 1).contiguous().view(-1, C)
        good = self.kl(F.log_softmax(s, dim=1), F.softmax(t, dim=1))
        bad = self.kl(F.log_softmax(preds_S, dim=1), F.softmax(preds_T, dim=1))  # KL004
        return good + bad
