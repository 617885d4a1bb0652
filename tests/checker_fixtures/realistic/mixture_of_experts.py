import torch
import torch.nn.functional as F

def load_balance(gate_logits, n_experts):
    probs = F.softmax(gate_logits, dim=-1).mean(dim=0)
    uniform = torch.full_like(probs, 1.0 / n_experts)
    return F.kl_div(probs.log(), uniform, reduction="sum")

def uniform_wrong(logits, n):
    u = torch.ones_like(logits) / n
    return F.kl_div(F.softmax(logits, dim=-1), u, reduction="batchmean")  # KL001
