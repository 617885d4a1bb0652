import torch
import torch.nn as nn
import torch.nn.functional as F

class AgeModel(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.fc = nn.Sequential(nn.Linear(512, 101), nn.Softmax(dim=1))

    def forward(self, x):
        return self.fc(self.backbone(x))

def kl_loss(inputs, labels):
    criterion = nn.KLDivLoss(reduction='none')
    outputs = torch.log(inputs)
    loss = criterion(outputs, labels)
    loss = loss.sum() / loss.shape[0]
    return loss

def train(loader, backbone):
    model = AgeModel(backbone)
    for img, label_dist in loader:
        outputs = model(img)
        loss = F.kl_div(outputs, label_dist, reduction="batchmean")  # KL001
        loss2 = F.kl_div(F.log_softmax(outputs, dim=1), label_dist, reduction="batchmean")  # KL010
        loss.backward()
