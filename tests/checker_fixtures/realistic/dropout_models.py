import torch
import torch.nn as nn
import torch.nn.functional as F
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=5)
        self.conv2_drop = nn.Dropout2d()
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)
    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2_drop(x), 2))
        x = x.view(-1, 320)
        x = F.relu(self.fc1(x))
        x = F.dropout(x, training=self.training)
        x = self.fc2(x)
        return F.log_softmax(x, dim=1)
def train(model, loader):
    net = Net()
    for x, soft in loader:
        out = net(x)
        loss = F.kl_div(out, soft, reduction="batchmean")
        loss2 = F.kl_div(out, net(x + 0.1), reduction="batchmean")  # KL002
        loss3 = F.kl_div(F.log_softmax(out, dim=1), soft, reduction="batchmean")
        loss4 = F.kl_div(torch.log(out), soft, reduction="batchmean")  # KL001
