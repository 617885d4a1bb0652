import torch.nn.functional as F
opts = dict(reduction="batchmean", log_target=True)
OPTS2 = {"reduction": "batchmean"}

def f(a, b):
    return F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), **opts)

def g(a, b):
    return F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), **OPTS2)  # KL002
