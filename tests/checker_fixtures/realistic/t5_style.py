import torch
import torch.nn as nn
import torch.nn.functional as F
from transformers import T5ForConditionalGeneration
class D(nn.Module):
    def __init__(self, name, teacher_name, T):
        super().__init__()
        self.student = T5ForConditionalGeneration.from_pretrained(name)
        self.teacher = T5ForConditionalGeneration.from_pretrained(teacher_name).eval()
        self.T = T
    @torch.no_grad()
    def teacher_probs(self, batch):
        return (self.teacher(**batch).logits / self.T).softmax(-1)
    def forward(self, batch):
        out = self.student(**batch)
        lp = torch.log_softmax(out.logits / self.T, -1)
        tp = self.teacher_probs(batch)
        mask = batch["labels"].ne(-100)
        kl = F.kl_div(lp, tp, reduction="none").sum(-1)
        return out.loss + (kl * mask).sum() / mask.sum() * self.T ** 2
