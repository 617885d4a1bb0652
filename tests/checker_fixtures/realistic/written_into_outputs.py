"""What is written into an output of which nothing is known is what is read from it."""
import torch
import torch.nn.functional as F


def unlogged(model, x, soft):
    out = model(x)
    out["p"] = out["logits"].softmax(-1)
    return F.kl_div(out["p"], soft, reduction="sum")  # KL001


def logged(model, x, soft):
    out = model(x)
    out["p"] = out["logits"].log_softmax(-1)
    return F.kl_div(out["p"], soft, reduction="sum")


def attribute(model, x, soft):
    out = model(x)
    out.probs = out.logits.softmax(-1)
    return F.kl_div(out.probs, soft, reduction="sum")  # KL001


def of_another(model, x, y, soft):
    out, other = model(x), model(y)
    out["p"] = out["logits"].softmax(-1)
    return F.kl_div(other["p"], soft, reduction="sum")


def written_in_one_branch(model, x, soft, flag):
    out = model(x)
    if flag:
        out["p"] = out["logits"].softmax(-1)
    return F.kl_div(out["p"], soft, reduction="sum")


def written_anew(model, x, soft):
    out = model(x)
    out["p"] = out["logits"].softmax(-1)
    out = model(soft)
    return F.kl_div(out["p"], soft, reduction="sum")
