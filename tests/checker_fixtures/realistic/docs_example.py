import torch
import torch.nn as nn
import torch.nn.functional as F
kl_loss = nn.KLDivLoss(reduction="batchmean")
input = F.log_softmax(torch.randn(3, 5, requires_grad=True), dim=1)
target = F.softmax(torch.rand(3, 5), dim=1)
output = kl_loss(input, target)
kl_loss = nn.KLDivLoss(reduction="batchmean", log_target=True)
log_target = F.log_softmax(torch.rand(3, 5), dim=1)
output = kl_loss(input, log_target)
bad = F.kl_div(torch.randn(3, 5), target, reduction="batchmean")  # KL001
bad2 = F.kl_div(input, torch.rand(3, 5), reduction="batchmean")  # KL010
p = torch.tensor([0.36, 0.48, 0.16])
q = torch.tensor([1/3, 1/3, 1/3])
ok = F.kl_div(q.log(), p, reduction="sum")
bad3 = F.kl_div(q, p, reduction="sum")  # KL001
