import torch
import torch.nn.functional as F

def word_level_kd(student_logits, teacher_logits, labels, T=1.0):
    mask = labels.ne(-100)
    s = student_logits[mask]
    t = teacher_logits[mask]
    return F.kl_div(F.log_softmax(s / T, dim=-1), F.softmax(t / T, dim=-1), reduction="batchmean") * (T ** 2)

def distilbert(s_logits, t_logits, attention_mask, temperature):
    mask = attention_mask.unsqueeze(-1).expand_as(s_logits)
    s_slct = torch.masked_select(s_logits, mask)
    s_slct = s_slct.view(-1, s_logits.size(-1))
    t_slct = torch.masked_select(t_logits, mask)
    t_slct = t_slct.view(-1, s_logits.size(-1))
    loss = torch.nn.KLDivLoss(reduction="batchmean")(
        F.log_softmax(s_slct / temperature, dim=-1),
        F.softmax(t_slct / temperature, dim=-1),
    ) * (temperature) ** 2
    return loss
