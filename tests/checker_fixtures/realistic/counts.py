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
    return F.kl_div(p, q, reduction="sum")  # KL001, KL010


def logarithms_of_counts(a, b, bins):
    p, q = torch.histc(a, bins=bins), torch.histc(b, bins=bins)
    return F.kl_div(torch.log(p + 1e-6), q / q.sum(), reduction="sum")  # KL010


def shares_by_their_number(a, b, bins):
    p = torch.histc(a, bins=bins) / a.numel()
    q = torch.histc(b, bins=bins) / b.numel()
    return F.kl_div(p.log(), q, reduction="sum")


def labels_counted(logits, labels, classes):
    share = torch.bincount(labels, minlength=classes).float()
    share /= share.sum()
    return F.kl_div(F.log_softmax(logits.mean(0), -1), share, reduction="sum")


def weighted_counts(logits, labels, weights, classes):
    share = torch.bincount(labels, weights=weights, minlength=classes)
    return F.kl_div(F.log_softmax(logits.mean(0), -1), share, reduction="sum")


def ones_for_a_uniform_target(logits):
    return F.kl_div(F.log_softmax(logits, -1), torch.ones_like(logits), reduction="sum")  # KL010


def ones_divided(logits):
    uniform = torch.ones_like(logits) / logits.shape[-1]
    return F.kl_div(F.log_softmax(logits, -1), uniform, reduction="sum")


def ones_written_over(logits, target):
    smooth = torch.ones_like(logits)
    smooth[:] = 0.1 / (logits.size(-1) - 1)
    smooth.scatter_(1, target[:, None], 0.9)
    return F.kl_div(F.log_softmax(logits, -1), smooth, reduction="sum")


def one_certain_outcome(log_p):
    return F.kl_div(log_p, torch.ones(8, 1), reduction="sum")
