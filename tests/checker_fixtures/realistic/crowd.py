import torch
import torch.nn as nn

logsoftmax = nn.LogSoftmax(dim=1)
softmax = nn.Softmax(dim=1)
kl_criterion = nn.KLDivLoss(reduction="sum")

def criterion(outputs, soft_labels):
    return kl_criterion(logsoftmax(outputs), soft_labels) / outputs.size(0)

def criterion2(outputs, others):
    return kl_criterion(softmax(outputs), softmax(others)) / outputs.size(0)  # KL001

def criterion3(outputs, others):
    return kl_criterion(logsoftmax(outputs), logsoftmax(others)) / outputs.size(0)  # KL002
