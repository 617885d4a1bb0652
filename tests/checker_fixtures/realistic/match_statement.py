import torch.nn.functional as F

def loss(kind, s, t):
    match kind:
        case "forward":
            return F.kl_div(F.log_softmax(s, -1), F.softmax(t, -1), reduction="batchmean")
        case "wrong":
            return F.kl_div(F.softmax(s, -1), F.softmax(t, -1), reduction="batchmean")  # KL001
        case _:
            return s.sum()
