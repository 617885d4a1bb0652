import torch
import torch.nn.functional as F
from torch.distributions import Categorical

def ppo_update(policy, old_logits, obs, beta):
    dist = Categorical(logits=policy(obs))
    old = Categorical(logits=old_logits)
    kl = F.kl_div(dist.logits, old.probs, reduction="batchmean")
    kl2 = F.kl_div(dist.probs, old.probs, reduction="batchmean")  # KL001
    kl3 = F.kl_div(dist.logits, old.logits, reduction="batchmean")  # KL002
    return beta * (kl + kl2 + kl3)
