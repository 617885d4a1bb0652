import torch
from torch.distributions import Categorical
import torch.nn.functional as F
def f(agent, obs, old):
    pi = agent.pi(obs)
    return F.kl_div(pi.logits, old.probs, reduction="batchmean")
def g(action_dist, old_dist):
    return F.kl_div(action_dist.logits, old_dist.logits, log_target=True, reduction="batchmean")
