import torch
import torch.nn.functional as F
from torch.cuda.amp import autocast
def step(s, t, x, scaler, T):
    with autocast():
        a = s(x)
        with torch.inference_mode():
            b = t(x)
        loss = F.kl_div(F.log_softmax(a.float() / T, 1), F.log_softmax(b.float() / T, 1), reduction="sum", log_target=True)
        loss = loss * (T ** 2) / a.numel()
    scaler.scale(loss).backward()
