import torch.nn.functional as F

def compute_kl_loss(self, p, q, pad_mask=None):
    p_loss = F.kl_div(F.log_softmax(p, dim=-1), F.softmax(q, dim=-1), reduction='none')
    q_loss = F.kl_div(F.log_softmax(q, dim=-1), F.softmax(p, dim=-1), reduction='none')
    if pad_mask is not None:
        p_loss.masked_fill_(pad_mask, 0.)
        q_loss.masked_fill_(pad_mask, 0.)
    p_loss = p_loss.sum()
    q_loss = q_loss.sum()
    loss = (p_loss + q_loss) / 2
    return loss

def train_step(model, x, label, criterion, kl_weight):
    logits = model(x)
    logits2 = model(x)
    ce_loss = 0.5 * (F.cross_entropy(logits, label) + F.cross_entropy(logits2, label))
    kl_loss = compute_kl_loss(None, logits, logits2)
    return ce_loss + kl_weight * kl_loss
