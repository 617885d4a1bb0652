import torch
import torch.nn.functional as F

def att_loss(student_atts, teacher_atts):
    loss = 0.
    for s_att, t_att in zip(student_atts, teacher_atts):
        s_att = torch.where(s_att <= -1e2, torch.zeros_like(s_att), s_att)
        t_att = torch.where(t_att <= -1e2, torch.zeros_like(t_att), t_att)
        loss += F.mse_loss(s_att, t_att)
    return loss

def minilm(sq, sk, tq, tk, d):
    s = torch.matmul(sq, sk.transpose(-1, -2)) / math.sqrt(d)
    t = torch.matmul(tq, tk.transpose(-1, -2)) / math.sqrt(d)
    return F.kl_div(torch.log_softmax(s, dim=-1), torch.softmax(t, dim=-1), reduction="sum")
