import torch
import torch.nn.functional as F
def f(model, x, t):
    p = model.predict_proba(x)
    return F.kl_div(p, t, reduction="sum")
def g(out, t):
    return F.kl_div(out["log_probs"], out.probs, reduction="sum")
def h(batch, net):
    return F.kl_div(net(batch["x"]), batch["target_dist"], reduction="batchmean")
def i(x, w):
    x = x * w
    return F.kl_div(x, w, reduction="sum")
def j(policy, obs, old):
    dist = policy.get_distribution(obs).distribution
    return F.kl_div(dist.logits, old.probs, reduction="sum")
