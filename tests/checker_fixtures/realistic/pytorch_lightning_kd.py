import torch
from torch import nn, Tensor
import torch.nn.functional as F
from typing import Optional, Dict

class SoftTargetKD(nn.Module):
    """Soft target knowledge distillation, https://arxiv.org/abs/1503.02531"""
    def __init__(self, temperature: float = 4.0, reduction: str = "batchmean", weight: Optional[Tensor] = None):
        super().__init__()
        self.temperature = temperature
        self.loss = nn.KLDivLoss(reduction=reduction)
        self.weight = weight

    @property
    def tau2(self) -> float:
        return self.temperature ** 2

    def forward(self, student: Dict[str, Tensor], teacher: Dict[str, Tensor]) -> Tensor:
        s = student["logits"] / self.temperature
        t = teacher["logits"] / self.temperature
        return self.loss(s.log_softmax(dim=-1), t.softmax(dim=-1)) * self.tau2

def combined(student_out, teacher_out, labels, alpha=0.5):
    hard = F.cross_entropy(student_out["logits"], labels)
    soft = F.kl_div(student_out["logits"], teacher_out["logits"], reduction="batchmean")  # KL001, KL002
    return alpha * hard + (1 - alpha) * soft
