import torch
import torch.nn.functional as F

def step(student, teacher, batch):
    s = student(**batch).logits
    with torch.no_grad():
        t = teacher(**batch).logits
    bad = F.kl_div(s, F.softmax(t, dim=-1), reduction="batchmean")  # KL001
    bad2 = F.kl_div(F.log_softmax(s, dim=-1), t, reduction="batchmean")  # KL002
    return bad + bad2
