import torch
import torch.nn.functional as F

class DynamicViTLoss(torch.nn.Module):
    def forward(self, pred, cls_s, cls_t, token_pred, token_t):
        cls_kl_loss = F.kl_div(
            F.log_softmax(pred, dim=-1),
            F.log_softmax(cls_t, dim=-1),
            reduction='batchmean',
            log_target=True
        )
        B, N, C = token_pred.size()
        token_pred = token_pred.reshape(B * N, C)
        token_t = token_t.reshape(B * N, C)
        token_kl = F.kl_div(F.log_softmax(token_pred, dim=-1), F.log_softmax(token_t, dim=-1), reduction='batchmean', log_target=True)
        return cls_kl_loss + token_kl
