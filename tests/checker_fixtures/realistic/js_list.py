import torch
import torch.nn.functional as F
def jsd(ps):
    m = torch.stack(ps).mean(0)
    return sum(F.kl_div(m.log(), p, reduction="batchmean") for p in ps) / len(ps)
def js_logits(a, b):
    p, q = F.softmax(a, -1), F.softmax(b, -1)
    m = torch.log((p + q) * 0.5)
    k1 = F.kl_div(m, p, reduction="sum")
    k2 = F.kl_div(m, q, reduction="sum")
    return (k1 + k2) / 2
def js_rev(a, b):
    p, q = F.log_softmax(a, -1), F.log_softmax(b, -1)
    m = (p.exp() + q.exp()) / 2
    k1 = F.kl_div(p, m, reduction="sum")  # KL009
    k2 = F.kl_div(q, m, reduction="sum")  # KL009
    return 0.5 * (k1 + k2)
def one_only(a, b):
    p, q = F.log_softmax(a, -1), F.softmax(b, -1)
    m = (p.exp() + q) / 2
    return F.kl_div(p, m.detach(), reduction="sum")
