import torch.nn as nn
import torch.nn.functional as F
class MyKL(nn.KLDivLoss):
    def forward(self, input, target):
        return super().forward(F.log_softmax(input, 1), F.softmax(target, 1))
crit = MyKL(reduction="batchmean")
def f(a, b):
    return crit(a, b)
