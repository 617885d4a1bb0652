"""Temperatures that are computed, learnt or scheduled."""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class Schedule:
    def __init__(self, start, end, steps):
        self.start, self.end, self.steps = start, end, steps

    def __call__(self, step):
        return self.end + (self.start - self.end) * (1 + math.cos(math.pi * step / self.steps)) / 2


schedule = Schedule(8.0, 1.0, 1000)


def squared(step, s, t):
    tau = schedule(step)
    loss = F.kl_div(F.log_softmax(s / tau, 1), F.softmax(t / tau, 1), reduction="batchmean")
    return loss * math.pow(tau, 2)


def not_squared(step, s, t):
    tau = schedule(step)
    loss = F.kl_div(F.log_softmax(s / tau, 1), F.softmax(t / tau, 1), reduction="batchmean")  # KL007
    return loss


def annealed(epoch, s, t):
    temperature = 1 + 3 * (1 - epoch / 100)
    return F.kl_div((s / temperature).log_softmax(1), (t / temperature).softmax(1), reduction="batchmean")  # KL007


class Learnt(nn.Module):
    def __init__(self):
        super().__init__()
        self.T = nn.Parameter(torch.ones(1))

    def forward(self, s, t):
        p, q = s.div(self.T), t.div(self.T)
        return F.kl_div(F.log_softmax(p, 1), F.softmax(q, 1), reduction="batchmean")
