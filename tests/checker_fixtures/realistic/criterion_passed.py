import torch.nn as nn
import torch.nn.functional as F

def train_epoch(model, teacher, loader, kd_criterion, T):
    for x, y in loader:
        out = model(x)
        target = teacher(x).detach()
        loss = kd_criterion(F.log_softmax(out / T, dim=1), F.softmax(target, dim=1))

def main(model, teacher, loader):
    criterion = nn.KLDivLoss(reduction="batchmean")
    train_epoch(model, teacher, loader, criterion, 4.0)
