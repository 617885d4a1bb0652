import torch
import torch.nn as nn
import torch.nn.functional as F
class QNet(nn.Module):
    def __init__(self, n, a):
        super().__init__()
        self.l1 = nn.Linear(n, 64)
        self.l2 = nn.Linear(64, a)
    def forward(self, x):
        return self.l2(torch.relu(self.l1(x)))
class Policy(nn.Module):
    def __init__(self, n, a):
        super().__init__()
        self.net = QNet(n, a)
    def forward(self, obs):
        logits = self.net(obs)
        return torch.softmax(logits, dim=-1)
def policy_distillation(n, a, batch, tau=0.01):
    teacher, student = QNet(n, a), QNet(n, a)
    with torch.no_grad():
        tq = teacher(batch)
    sq = student(batch)
    return F.kl_div(F.log_softmax(sq, dim=1), F.softmax(tq / tau, dim=1), reduction="batchmean")
def policy_bad(n, a, batch, old_probs):
    pi = Policy(n, a)
    probs = pi(batch)
    return F.kl_div(probs, old_probs, reduction="batchmean")  # KL001
def policy_ok(n, a, batch, old_probs):
    pi = Policy(n, a)
    probs = pi(batch)
    return F.kl_div(probs.log(), old_probs, reduction="batchmean")  # KL006
