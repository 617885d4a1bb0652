import torch
import torch.nn.functional as F

def kd_kl_loss(logits_S, logits_T, temperature=1):
    if isinstance(temperature, torch.Tensor) and temperature.dim() > 0:
        temperature = temperature.unsqueeze(-1)
    beta_logits_T = logits_T / temperature
    beta_logits_S = logits_S / temperature
    p_T = F.softmax(beta_logits_T, dim=-1)
    loss = F.kl_div(F.log_softmax(beta_logits_S, dim=-1), p_T, reduction="batchmean")  # KL007
    return loss
