import torch.nn.functional as F

def symmetric_kl(p_logits, q_logits):
    p = F.log_softmax(p_logits.float(), dim=-1)
    q = F.log_softmax(q_logits.float(), dim=-1)
    return (F.kl_div(p, q, reduction="sum", log_target=True) + F.kl_div(q, p, reduction="sum", log_target=True)) / p.size(0)

def symmetric_bad(p_logits, q_logits):
    p = F.log_softmax(p_logits.float(), dim=-1)
    q = F.log_softmax(q_logits.float(), dim=-1)
    return F.kl_div(p, q, reduction="sum") + F.kl_div(q, p, reduction="sum")  # KL002, KL002
