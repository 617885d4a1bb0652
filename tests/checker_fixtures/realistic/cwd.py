import torch
import torch.nn as nn

class ChannelWiseDivergence(nn.Module):
    def __init__(self, tau=1.0, loss_weight=1.0):
        super().__init__()
        self.tau = tau
        self.loss_weight = loss_weight

    def forward(self, preds_S, preds_T):
        N, C, H, W = preds_S.shape
        softmax_pred_T = torch.nn.functional.softmax(preds_T.view(-1, W * H) / self.tau, dim=1)
        logsoftmax = torch.nn.LogSoftmax(dim=1)
        loss = torch.sum(softmax_pred_T * logsoftmax(preds_T.view(-1, W * H) / self.tau) -
                         softmax_pred_T * logsoftmax(preds_S.view(-1, W * H) / self.tau)) * (self.tau ** 2)
        kl = torch.nn.functional.kl_div(logsoftmax(preds_S.view(-1, W * H) / self.tau), softmax_pred_T, reduction="sum") * (self.tau ** 2)
        return self.loss_weight * (loss + kl) / (C * N)
