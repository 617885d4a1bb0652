import torch
import torch.nn.functional as F
def f(logits, num_classes):
    log_probs = F.log_softmax(logits, dim=-1)
    uniform = torch.full_like(log_probs, 1.0 / num_classes)
    a = F.kl_div(log_probs, uniform, reduction="batchmean")
    b = F.kl_div(uniform.log(), log_probs.exp(), reduction="batchmean")
    c = F.kl_div(uniform, log_probs.exp(), reduction="batchmean")  # KL001
    d = F.kl_div(log_probs, uniform.log(), reduction="batchmean")  # KL002
    return a + b + c + d
