import torch
import torch.nn.functional as F
def update_ema_variables(model, ema_model, alpha, step):
    for e, p in zip(ema_model.parameters(), model.parameters()):
        e.data.mul_(alpha).add_(1 - alpha, p.data)
def train(model, ema_model, loader, args):
    for i, ((inp, ema_inp), target) in enumerate(loader):
        ema_out = ema_model(ema_inp)
        out = model(inp)
        if isinstance(out, tuple):
            class_logit, cons_logit = out
        else:
            class_logit = cons_logit = out
        ce = F.cross_entropy(class_logit, target, ignore_index=-1)
        cons = F.kl_div(F.log_softmax(cons_logit, dim=1), F.softmax(ema_out.detach(), dim=1), reduction="sum") / inp.size(0)
        loss = ce + args.w * cons
        loss.backward()
