import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = (p + q) / 2
    F.kl_div(p.log(), m, reduction="batchmean") + F.kl_div(q.log(), m, reduction="batchmean")  # KL009, KL009


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = 0.5 * (p + q)
    j = F.kl_div(p.log(), m, reduction="batchmean")  # KL009
    k = F.kl_div(q.log(), m, reduction="batchmean")  # KL009
    return (j + k) / 2


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    p, q = F.softmax(a, -1), F.softmax(b, -1)
    m = 0.5 * p + 0.5 * q
    F.kl_div(F.log_softmax(a, -1), m, reduction="batchmean") + F.kl_div(F.log_softmax(b, -1), m, reduction="batchmean")  # KL009, KL009


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    lp, lq = F.log_softmax(a, -1), F.log_softmax(b, -1)
    m = (lp.exp() + lq.exp()) / 2
    return sum([F.kl_div(lp, m, reduction="batchmean"), F.kl_div(lq, m, reduction="batchmean")])  # KL009, KL009


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = (p + q).div(2)
    j = 0
    j += F.kl_div(p.log(), m, reduction="batchmean")  # KL009
    j += F.kl_div(q.log(), m, reduction="batchmean")  # KL009


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = torch.stack([p, q]).mean(0)
    F.kl_div(p.log(), m, reduction="batchmean") + F.kl_div(q.log(), m, reduction="batchmean")  # KL009, KL009


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    k = nn.KLDivLoss(reduction="batchmean")
    m = (p + q) * 0.5
    k(torch.log(p), m) + k(torch.log(q), m)  # KL009, KL009


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    m = (p + q) / 2
    0.5 * F.kl_div(p.log(), m, reduction="batchmean") + 0.5 * F.kl_div(q.log(), m, reduction="batchmean")  # KL009, KL009
