import torch
import torchvision.models as models
import torch.nn as nn
import torch.nn.functional as F

teacher = models.resnet50(pretrained=True)
student = models.resnet18(num_classes=1000)
kd = nn.KLDivLoss(reduction="batchmean")
for images, labels in loader:
    with torch.no_grad():
        t = teacher(images)
    s = student(images)
    loss = kd(F.log_softmax(s, dim=1), t)  # KL002
    loss2 = kd(s, F.softmax(t, dim=1))  # KL001
