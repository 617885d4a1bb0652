"""Both outcomes of a unit, in two calls of one function."""
import torch
import torch.nn.functional as F


def sparse(h, rho=0.05):
    rho_hat = torch.sigmoid(h).mean(0)
    rho_t = torch.full_like(rho_hat, rho)
    a = F.kl_div(rho_hat.log(), rho_t, reduction="sum")
    b = F.kl_div((1 - rho_hat).log(), 1 - rho_t, reduction="sum")
    return a + b


def sparse_half(h, rho=0.05):
    rho_hat = torch.sigmoid(h).mean(0)
    rho_t = torch.full_like(rho_hat, rho)
    return F.kl_div(rho_hat.log(), rho_t, reduction="sum")  # KL010


def of_another(h, g, rho):
    one, two = torch.sigmoid(h).mean(0), torch.sigmoid(g).mean(0)
    a = F.kl_div(one.log(), rho, reduction="sum")  # KL010
    return a + F.kl_div((1 - two).log(), 1 - rho, reduction="sum")  # KL010


def logs_stacked(s, t):
    p, q = torch.sigmoid(s), torch.sigmoid(t)
    lp = torch.stack([torch.log(p), torch.log(1 - p)], -1)
    return F.kl_div(lp, torch.stack([q, 1 - q], -1), reduction="sum")


def mixed(a, b):
    p, q = a.softmax(-1), b.softmax(-1)
    m = torch.lerp(p, q, 0.5)
    return (F.kl_div(F.log_softmax(a, -1), m, reduction="sum") + F.kl_div(F.log_softmax(b, -1), m, reduction="sum")) / 2  # KL009, KL009
