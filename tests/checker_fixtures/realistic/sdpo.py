import torch
import torch.nn.functional as F

@torch.no_grad()
def reference_logps(ref_model, ids):
    return ref_model(ids).logits.log_softmax(-1)

def loss_fn(model, ref_model, ids, mask):
    logps = model(ids).logits.log_softmax(-1)
    ref = reference_logps(ref_model, ids)
    kl = F.kl_div(logps, ref, log_target=True, reduction="none").sum(-1)
    bad = F.kl_div(logps, ref, reduction="none").sum(-1)  # KL002
    return ((kl + bad) * mask).sum() / mask.sum()
