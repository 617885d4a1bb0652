import torch
import torch.nn.functional as F

def per_token_logps(logits, input_ids):
    logps = []
    for row, ids in zip(logits, input_ids):
        log_probs = row.log_softmax(dim=-1)
        logps.append(torch.gather(log_probs, 1, ids.unsqueeze(1)).squeeze(1))
    return torch.stack(logps)

def kl_penalty(logprob, ref_logprob, kind):
    if kind == "full":
        return F.kl_div(ref_logprob, logprob, log_target=True, reduction="none").sum(-1)
    return logprob - ref_logprob
