import torch.nn.functional as F

async def f(a, b):
    if (p := F.softmax(a, -1)) is not None:
        return F.kl_div(p, F.softmax(b, -1), reduction="sum")  # KL001

def g(*args, **kwargs):
    return F.kl_div(*args, **kwargs)

def h(a, b, **kwargs):
    return F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), **kwargs)
