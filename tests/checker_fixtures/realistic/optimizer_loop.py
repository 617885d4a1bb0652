import torch
import torch.nn as nn
import torch.optim as optim
import torch.nn.functional as F
from torch.utils.data import DataLoader
class Config:
    T = 2
    lr = 1e-3
cfg = Config()
criterion_ce = nn.CrossEntropyLoss()
criterion_kd = nn.KLDivLoss(reduction="batchmean")
def run(student, teacher, loader: DataLoader):
    opt = optim.Adam(student.parameters(), lr=cfg.lr)
    teacher.eval()
    for batch in loader:
        x, y = batch["x"].cuda(), batch["y"].cuda()
        with torch.no_grad():
            tl = teacher(x)
        sl = student(x)
        loss_ce = criterion_ce(sl, y)
        loss_kd = criterion_kd(F.log_softmax(sl / cfg.T, dim=1), F.softmax(tl / cfg.T, dim=1)) * (cfg.T * cfg.T)
        loss_bad = criterion_kd(F.softmax(sl / cfg.T, dim=1), F.softmax(tl / cfg.T, dim=1)) * (cfg.T * cfg.T)  # KL001
        loss_raw = criterion_kd(sl, tl)  # KL001
        (loss_ce + loss_kd + loss_bad + loss_raw).backward()
        opt.step()
