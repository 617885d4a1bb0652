import torch
import torch.nn.functional as F
def f(model, batch):
    logits = model(batch["input"])
    return F.kl_div(F.log_softmax(logits, dim=-1), batch["soft_labels"], reduction="batchmean")
def g(model, batch):
    return F.kl_div(model(batch["input"]), batch["logits"], reduction="batchmean")  # KL002
