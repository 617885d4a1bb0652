import torch
def f(a, b):
    return torch.nn.functional.kl_div(a.log_softmax(dim=-1), b.softmax(dim=-1).log(), reduction="batchmean")  # KL002, KL006
def g(a, b):
    return torch.nn.functional.kl_div(input=a.softmax(-1), target=b.softmax(-1), reduction="batchmean")  # KL001
def h(a, b):
    return torch.nn.functional.kl_div(target=b.softmax(-1), input=a.log_softmax(-1), reduction="batchmean")
def i(a, b):
    return torch.nn.KLDivLoss(reduction="batchmean").forward(a.softmax(-1), b.softmax(-1))  # KL001
def j(a, b):
    return torch.nn.KLDivLoss(reduction="batchmean").to("cuda")(a.softmax(-1), b.softmax(-1))  # KL001
