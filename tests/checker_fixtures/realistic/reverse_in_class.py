import torch.nn.functional as F


class MiniLLM:
    """Reverse KL as in MiniLLM."""

    def loss(self, student_logits, teacher_logits):
        p = F.log_softmax(teacher_logits, -1)
        return F.kl_div(p, F.softmax(student_logits, -1), reduction="sum")


class Distiller:
    """Distils a large model."""

    def loss(self, student_logits, teacher_logits):
        p = F.log_softmax(teacher_logits, -1)
        return F.kl_div(p, F.softmax(student_logits, -1), reduction="sum")  # KL008
