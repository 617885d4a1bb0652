try:
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None
    F = None

def f(a, b):
    return F.kl_div(torch.softmax(a, -1), b, reduction="batchmean")  # KL001
