import torch
import torch.nn.functional as F
def f(x, y):
    return F.kl_div(F.log_softmax(x, -1), F.normalize(y, dim=-1), reduction="sum")  # KL010
def g(x, y):
    return F.kl_div(F.log_softmax(x, -1), F.normalize(y, p=1, dim=-1), reduction="sum")
def h(x, y):
    return F.kl_div(F.normalize(x, dim=-1), F.softmax(y, -1), reduction="sum")  # KL001
def i(x, y):
    return F.kl_div(F.cosine_similarity(x, y), F.softmax(y, -1), reduction="sum")  # KL010
