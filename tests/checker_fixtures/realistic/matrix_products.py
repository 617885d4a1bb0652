import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def scores_as_input(q, k, target):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
    return F.kl_div(scores, target, reduction="sum")  # KL001


def scores_as_target(q, k, q2, k2):
    student = torch.bmm(q, k.transpose(1, 2)).log_softmax(-1)
    return F.kl_div(student, torch.einsum("bqd,bkd->bqk", q2, k2), reduction="sum")  # KL002


def normalised_scores(q, k, q2, k2):
    student = torch.matmul(q, k.mT).log_softmax(-1)
    return F.kl_div(student, torch.matmul(q2, k2.mT).softmax(-1), reduction="sum")


def transition_of_probabilities(log_p, probs, transition):
    return F.kl_div(log_p, probs @ transition.t(), reduction="sum")


def softmax_then_transition(log_p, x, channel):
    return F.kl_div(log_p, F.softmax(x, -1) @ channel.T, reduction="sum")


def attended_values(log_p, weights, values):
    return F.kl_div(log_p, torch.bmm(weights, values), reduction="sum")


class Links(nn.Module):
    def __init__(self, entities, width):
        super().__init__()
        self.entities = nn.Embedding(entities, width)

    def score(self, head, relation):
        return torch.mm(head * relation, self.entities.weight.t())

    def forward(self, head, relation, soft):
        wrong = F.kl_div(self.score(head, relation), soft, reduction="sum")  # KL001
        return wrong + F.kl_div(self.score(head, relation).log_softmax(-1), soft, reduction="sum")


def linear_function(hidden, layer: nn.Linear, soft):
    scores = F.linear(hidden, layer.weight, layer.bias)
    return F.kl_div(scores, soft, reduction="batchmean")  # KL001


def squared_distances(features, prototypes, soft):
    distances = -(torch.cdist(features, prototypes) ** 2)
    wrong = F.kl_div(distances, soft, reduction="batchmean")  # KL010
    return wrong + F.kl_div(F.log_softmax(distances, -1), soft, reduction="batchmean")
