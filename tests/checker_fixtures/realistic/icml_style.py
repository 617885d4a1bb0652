import torch
from torch import nn
from torch.nn import functional as F
def train(args, model, device, train_loader, optimizer, epoch):
    model.train()
    kl = nn.KLDivLoss(reduction="batchmean").cuda()
    for batch_idx, (data, target) in enumerate(train_loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        output = model(data)
        output_aug = model(data + 0.1 * torch.randn_like(data))
        loss = F.cross_entropy(output, target)
        loss = loss + args.lam * kl(output_aug.log_softmax(1), output)  # KL002
        loss = loss + args.lam * kl(F.log_softmax(output_aug, 1), F.softmax(output.detach(), 1))
        loss.backward()
        optimizer.step()
