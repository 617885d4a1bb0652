"""Criteria that derive from nn.KLDivLoss: what super().__init__ was given, super().forward does."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class KDLoss(nn.KLDivLoss):
    def __init__(self, temperature, alpha=None, reduction="batchmean", **kwargs):
        super().__init__(reduction=reduction)
        self.temperature = temperature
        self.alpha = alpha

    def forward(self, student_io, teacher_io):
        soft = super().forward(
            torch.log_softmax(student_io / self.temperature, dim=1),
            torch.softmax(teacher_io / self.temperature, dim=1),
        )
        return soft * self.temperature**2


class UnloggedKDLoss(nn.KLDivLoss):
    def __init__(self, temperature):
        super().__init__(reduction="batchmean")
        self.temperature = temperature

    def forward(self, student_io, teacher_io):
        soft = super().forward(
            torch.softmax(student_io / self.temperature, dim=1),  # KL001
            torch.softmax(teacher_io / self.temperature, dim=1),
        )
        return soft * self.temperature**2


class Named(nn.KLDivLoss):
    def __init__(self, weight):
        super().__init__(reduction="batchmean")
        self.weight = weight


class LogTarget(nn.KLDivLoss):
    def __init__(self):
        super(LogTarget, self).__init__(reduction="sum", log_target=True)


class Derived(LogTarget):
    def scaled(self, a, b):
        return 2 * self(F.log_softmax(a, 1), F.softmax(b, 1))  # KL002


class Unconfigured(nn.KLDivLoss):
    def __init__(self):
        super().__init__()  # KL003

    def forward(self, a, b):
        return super().forward(F.log_softmax(a, -1), F.softmax(b, -1))


def options_of_its_own(a, b):
    return Named(4.0)(F.log_softmax(a, 1), F.softmax(b, 1))


def logs(a, b):
    return LogTarget()(F.log_softmax(a, 1), F.log_softmax(b, 1))
