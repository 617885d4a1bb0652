import torch
import torch.nn as nn
class KLDiscretLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.LogSoftmax = nn.LogSoftmax(dim=1)
        self.criterion_ = nn.KLDivLoss(reduction='none')
    def criterion(self, dec_outs, labels):
        scores = self.LogSoftmax(dec_outs)
        loss = torch.mean(self.criterion_(scores, labels), dim=1)  # KL003
        return loss
    def forward(self, output_x, output_y, target_x, target_y, target_weight):
        loss = 0
        for idx in range(output_x.size(1)):
            coord_x_pred = output_x[:, idx].squeeze()
            loss += (self.criterion(coord_x_pred, target_x[:, idx].squeeze()).mul(target_weight[:, idx].squeeze()).mean())
        return loss / output_x.size(1)
