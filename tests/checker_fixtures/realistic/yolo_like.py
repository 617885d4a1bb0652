import torch, torch.nn as nn, torch.nn.functional as F
def dfl_distill(pred, target, T):
    n = pred.shape[0]
    return F.kl_div(F.log_softmax(pred / T, dim=1), F.softmax(target / T, dim=1).detach(), reduction="none").mean(1) * (T * T)  # KL003
def knowledge_distillation_kl_div_loss(pred, soft_label, T, detach_target=True):
    assert pred.size() == soft_label.size()
    target = F.softmax(soft_label / T, dim=1)
    if detach_target:
        target = target.detach()
    kd_loss = F.kl_div(F.log_softmax(pred / T, dim=1), target, reduction='none').mean(1) * (T * T)  # KL003
    return kd_loss
