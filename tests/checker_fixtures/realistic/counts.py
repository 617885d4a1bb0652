import torch
import torch.nn.functional as F
def hist_kl(a, b, bins):
    p = torch.histc(a, bins=bins) + 1
    q = torch.histc(b, bins=bins) + 1
    p = p / p.sum()
    q = q / q.sum()
    bad = F.kl_div(p, q, reduction="sum")  # KL001
    return F.kl_div(p.log(), q, reduction="sum") + bad
def raw_counts(a, b, bins):
    p = torch.histc(a, bins=bins)
    q = torch.histc(b, bins=bins)
    return F.kl_div(p, q, reduction="sum")
