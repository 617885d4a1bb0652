import torch
import torch.nn.functional as F


def mixture_of_three(a, b, c):
    logs = [F.log_softmax(each, dim=1) for each in (a, b, c)]
    m = sum(each.exp() for each in logs) / 3
    return (
        F.kl_div(logs[0], m, reduction="batchmean")  # KL009
        + F.kl_div(logs[1], m, reduction="batchmean")  # KL009
        + F.kl_div(logs[2], m, reduction="batchmean")  # KL009
    )


def mixture_of_any_number(outputs):
    probs = [F.softmax(each, dim=1) for each in outputs]
    m = sum(probs) / len(probs)
    return sum(F.kl_div(m.log(), p, reduction="batchmean") for p in probs)


def half_of_any_number(outputs):
    m = 0.5 * sum(F.softmax(each, dim=1) for each in outputs)
    return F.kl_div(F.log_softmax(outputs[0], dim=1), m, reduction="batchmean")


def each_of_two(a, b, target):
    losses = [F.kl_div(x, target, reduction="sum") for x in (F.log_softmax(a, 1), F.softmax(b, 1))]  # KL001
    return losses[0] + losses[1]
