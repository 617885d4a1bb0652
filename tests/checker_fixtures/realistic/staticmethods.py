import torch
import torch.nn.functional as F

class Losses:
    T = 3.0

    @staticmethod
    def kl(p, q):
        return F.kl_div(p, q, reduction="batchmean")  # KL001

    @classmethod
    def soften(cls, z):
        return torch.softmax(z / cls.T, dim=-1)

    def __call__(self, s, t):
        return self.kl(self.soften(s), self.soften(t))
