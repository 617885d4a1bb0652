import torch
import torch.nn.functional as F

def ensemble_input(heads, teacher):
    p = torch.stack([F.softmax(head, dim=-1) for head in heads]).mean(0)
    return F.kl_div(p, F.softmax(teacher, dim=-1), reduction="batchmean")  # KL001

def ensemble_target(student, teachers):
    q = torch.stack([F.softmax(one, dim=1) for one in teachers], dim=0).mean(dim=0)
    return F.kl_div(F.log_softmax(student, dim=1), q, reduction="batchmean")

def ensemble_in_logs(student, teachers):
    q = torch.stack([F.softmax(one, dim=-1) for one in teachers]).mean(0).log()
    return F.kl_div(F.log_softmax(student, dim=-1), q, reduction="batchmean")  # KL002

def over_the_outcomes(heads, teacher):
    spread = torch.stack([F.softmax(head, dim=-1) for head in heads]).mean(-1)
    return F.kl_div(spread, F.softmax(teacher, dim=-1), reduction="batchmean")

def stacked_last(heads, teacher):
    p = torch.stack([F.softmax(head, dim=-1) for head in heads], dim=-1).mean(-1)
    return F.kl_div(p, F.softmax(teacher, dim=-1), reduction="batchmean")  # KL001

def stacked_last_over_the_outcomes(heads, teacher):
    spread = torch.stack([F.softmax(head, dim=-1) for head in heads], dim=-1).mean(-2)
    return F.kl_div(spread, F.softmax(teacher, dim=-1), reduction="batchmean")

def one_more_dimension(a, b):
    log_p = F.log_softmax(a, dim=-1).unsqueeze(-1)
    q = F.softmax(b, dim=-1).unsqueeze(-1)
    return F.kl_div(log_p, q, reduction="none").sum(-2).mean()

def mean_over_the_outcomes(a, b):
    log_p = F.log_softmax(a, dim=-1).unsqueeze(-2)
    q = F.softmax(b, dim=-1).unsqueeze(-2)
    return F.kl_div(log_p, q, reduction="none").mean(-1)  # KL003
