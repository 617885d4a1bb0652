import torch
import torch.nn.functional as F

def softmax_kl_loss(input_logits, target_logits, sigmoid=False):
    assert input_logits.size() == target_logits.size()
    if sigmoid:
        input_log_softmax = torch.log(torch.sigmoid(input_logits))
        target_softmax = torch.sigmoid(target_logits)
    else:
        input_log_softmax = F.log_softmax(input_logits, dim=1)
        target_softmax = F.softmax(target_logits, dim=1)
    kl_div = F.kl_div(input_log_softmax, target_softmax, reduction='mean')  # KL003
    return kl_div
