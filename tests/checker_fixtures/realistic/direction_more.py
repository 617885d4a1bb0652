import torch.nn.functional as F

def forward_kl(student_logits, teacher_logits):
    s = F.log_softmax(student_logits, -1)
    t = F.log_softmax(teacher_logits, -1)
    return F.kl_div(s, t, log_target=True, reduction="batchmean")

def reverse_kl(student_logits, teacher_logits):
    s = F.log_softmax(student_logits, -1)
    t = F.log_softmax(teacher_logits, -1)
    return F.kl_div(t, s, log_target=True, reduction="batchmean")

def distill(student_logits, teacher_logits):
    s = F.softmax(student_logits, -1)
    t = F.log_softmax(teacher_logits, -1)
    return F.kl_div(t, s, reduction="batchmean")  # KL008

def kl(p, q):
    """Computes KL(p || q)."""
    return F.kl_div(p.log(), q, reduction="sum")  # KL008

def kl_ok(p, q):
    """Computes KL(p || q)."""
    return F.kl_div(q.log(), p, reduction="sum")

def both(student_logits, teacher_logits):
    s = F.log_softmax(student_logits, -1)
    t = F.log_softmax(teacher_logits, -1)
    return F.kl_div(t, s, log_target=True, reduction="batchmean") + F.kl_div(s, t, log_target=True, reduction="batchmean")
