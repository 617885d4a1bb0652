"""Powers, clipped scores and picked logarithms are no distributions until they are normalised."""
import torch
import torch.nn.functional as F


def sharpened(x, y, T=0.5):
    p = F.softmax(y, -1) ** (1 / T)
    p = p / p.sum(-1, keepdim=True)
    return F.kl_div(F.log_softmax(x, -1), p, reduction="batchmean")


def only_raised(x, y, T=0.5):
    p = F.softmax(y, -1) ** (1 / T)
    return F.kl_div(F.log_softmax(x, -1), p, reduction="batchmean")  # KL010


def raised_and_averaged(x, y, T=0.5):
    p = F.softmax(y, -1).pow(1 / T)
    return F.kl_div(F.log_softmax(x, -1), p / p.sum(dim=-1, keepdim=True), reduction="batchmean")


def clipped(x, t):
    return F.kl_div(F.relu(x), F.softmax(t, -1), reduction="sum")  # KL001


def squashed(x, t):
    return F.kl_div(torch.tanh(x), torch.softmax(t, -1), reduction="sum")  # KL001


def clipped_then_normalised(x, t):
    a = F.relu(x)
    a = a / a.sum(1, keepdim=True)
    return F.kl_div(a.log(), t.softmax(1), reduction="sum")


def divergences_above_zero(x, t):
    return F.relu(F.kl_div(x.log_softmax(-1), t.softmax(-1), reduction="none").sum(-1)).mean()


def top(s, t, k):
    lp, lt = F.log_softmax(s, -1), F.log_softmax(t, -1)
    values, at = lt.topk(k, dim=-1)
    return F.kl_div(lp.gather(-1, at), values, reduction="sum")  # KL002


def top_in_logs(s, t, k):
    lp, lt = F.log_softmax(s, -1), F.log_softmax(t, -1)
    values, at = lt.topk(k, dim=-1)
    return F.kl_div(lp.gather(-1, at), values, reduction="sum", log_target=True)


def top_exponentiated(s, t, k):
    lp, lt = F.log_softmax(s, -1), F.log_softmax(t, -1)
    values, at = lt.topk(k, dim=-1)
    return F.kl_div(lp.gather(-1, at), values.exp(), reduction="sum")


def top_again_normalised(s, t, k):
    values, at = F.log_softmax(t, -1).topk(k, dim=-1)
    return F.kl_div(s.gather(-1, at).log_softmax(-1), values.softmax(-1), reduction="sum")


def of_actions(logits, old_logits, actions):
    new = F.log_softmax(logits, -1).gather(-1, actions)
    old = F.log_softmax(old_logits, -1).gather(-1, actions)
    return F.kl_div(new, old, reduction="sum")  # KL002


def floored(a, b):
    p = torch.max(a.softmax(1), torch.tensor(1e-7))
    return F.kl_div(torch.log(p), b.softmax(1), reduction="batchmean")  # KL006


def confident(a, b):
    q = b.softmax(1)
    confidence, label = torch.max(q, 1)
    return (F.kl_div(a.log_softmax(1), q, reduction="none").sum(1) * confidence).mean()
