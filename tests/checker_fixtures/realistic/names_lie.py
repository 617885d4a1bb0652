import torch.nn.functional as F

def loss(student_logits, teacher_logits):
    student_probs = F.log_softmax(student_logits, dim=-1)
    teacher_probs = F.softmax(teacher_logits, dim=-1)
    return F.kl_div(student_probs, teacher_probs, reduction="batchmean")

def loss2(student_log_probs, teacher_probs):
    return F.kl_div(student_log_probs, teacher_probs, reduction="batchmean")

def loss3(probs, log_probs):
    return F.kl_div(probs, log_probs, reduction="batchmean")
