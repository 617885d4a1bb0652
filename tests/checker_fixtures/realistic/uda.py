import torch
import torch.nn.functional as F
def uda_loss(model, unsup, aug, temp, conf_thresh, ce, y, sup):
    logits = model(sup)
    sup_loss = ce(logits, y)
    with torch.no_grad():
        ori_logits = model(unsup)
        ori_prob = F.softmax(ori_logits, dim=-1)
        if conf_thresh != -1:
            mask = torch.max(ori_prob, dim=-1)[0] > conf_thresh
            mask = mask.type(torch.float32)
        sharp = F.softmax(ori_logits / temp, dim=-1)
    aug_log_prob = F.log_softmax(model(aug), dim=-1)
    unsup_criterion = torch.nn.KLDivLoss(reduction="none")
    unsup_loss = torch.sum(unsup_criterion(aug_log_prob, sharp), dim=-1)
    unsup_loss = torch.sum(unsup_loss * mask, dim=-1) / torch.max(torch.sum(mask, dim=-1), torch.tensor(1.0))
    return sup_loss + unsup_loss
