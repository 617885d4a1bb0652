import torch
import torch.nn as nn
import torch.nn.functional as F
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10), nn.LogSoftmax(dim=1))
model2 = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
model3 = nn.Sequential(nn.Linear(784, 10), nn.Softmax(dim=1))
for x, soft in loader:
    a = F.kl_div(model(x), soft, reduction="batchmean")
    b = F.kl_div(model2(x), soft, reduction="batchmean")  # KL001
    c = F.kl_div(model3(x), soft, reduction="batchmean")  # KL001
    d = F.kl_div(model(x), model(x), reduction="batchmean")  # KL002
    e = F.kl_div(model(x), model3(x), reduction="batchmean")
