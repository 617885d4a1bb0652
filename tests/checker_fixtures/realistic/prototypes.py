import torch
import torch.nn.functional as F
def proto_kl(features, prototypes, targets, tau):
    features = F.normalize(features, dim=-1)
    prototypes = F.normalize(prototypes, dim=-1)
    logits = features @ prototypes.T / tau
    logp = F.log_softmax(logits, dim=-1)
    y = F.one_hot(targets, prototypes.size(0)).float()
    y = y * 0.9 + 0.1 / prototypes.size(0)
    return F.kl_div(logp, y, reduction="batchmean")
