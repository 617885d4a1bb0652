import torch
import torch.nn.functional as F
def evaluate(model, ref, loader):
    for x, y in loader:
        out = model(x)
        pred = out.argmax(1)
        acc = (pred == y).float().mean()
        conf = F.softmax(out, dim=1).max(1)[0]
        kl = F.kl_div(out, ref(x).softmax(1), reduction="batchmean")  # KL001
    return acc, conf, kl
