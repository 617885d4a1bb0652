import torch
import torch.nn.functional as F
from scipy import special
from scipy.special import log_softmax, softmax

def probabilities(a, b):
    p, q = torch.tensor(softmax(a, axis=-1)), torch.tensor(softmax(b, axis=-1))
    return F.kl_div(p, q, reduction="sum")  # KL001

def right(a, b):
    return F.kl_div(torch.from_numpy(log_softmax(a, axis=-1)), torch.from_numpy(softmax(b, axis=-1)), reduction="sum")

def all_elements(a, b):
    return F.kl_div(torch.from_numpy(log_softmax(a)), torch.from_numpy(softmax(b)), reduction="sum")

def both_logs(a, b):
    return F.kl_div(torch.tensor(special.log_softmax(a, -1)), torch.tensor(special.log_softmax(b, -1)), reduction="sum")  # KL002

def by_hand(a, b):
    log_p = a - special.logsumexp(a, axis=-1, keepdims=True)
    return F.kl_div(torch.tensor(log_p), torch.tensor(special.expit(b)), reduction="sum")  # KL010
