import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim import SGD

def build_criterion(name):
    if name == "kl":
        return nn.KLDivLoss(reduction="batchmean")
    elif name == "ce":
        return nn.CrossEntropyLoss()
    raise ValueError(name)

class Trainer:
    def __init__(self, cfg, student, teacher):
        self.cfg = cfg
        self.student = student
        self.teacher = teacher
        for p in self.teacher.parameters():
            p.requires_grad = False
        self.criterion = build_criterion("kl")
        self.opt = SGD(student.parameters(), lr=cfg.lr)

    def loss(self, batch):
        x, y = batch
        s = self.student(x)
        t = self.teacher(x)
        T = self.cfg.temperature
        return self.criterion(torch.log_softmax(s / T, 1), torch.softmax(t / T, 1)) * T ** 2 + F.cross_entropy(s, y)
