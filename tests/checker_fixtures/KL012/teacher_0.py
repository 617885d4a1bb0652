import torch
import torch.nn as nn
import torch.nn.functional as F


class Distiller:
    def __init__(self, student, teacher):
        self.student = student
        self.teacher = teacher
        self.teacher_model = teacher

    def loss(self, x, a):
        t = self.teacher(x)
        return F.kl_div(F.log_softmax(a, -1), F.softmax(t, -1), reduction="batchmean")  # KL012
