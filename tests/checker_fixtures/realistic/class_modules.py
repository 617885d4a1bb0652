import torch
import torch.nn as nn
import torch.nn.functional as F

class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(10, 20), nn.ReLU())
        self.head = nn.Linear(20, 5)

    def forward(self, x):
        x = self.body(x)
        x = self.head(x)
        return F.log_softmax(x, dim=1)

class Teacher(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(10, 5)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        return self.softmax(self.net(x))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(10, 5)

    def forward(self, x):
        return self.fc(x)

def main(x):
    student, teacher, net = Student(), Teacher().eval(), Net()
    with torch.no_grad():
        q = teacher(x)
    good = F.kl_div(student(x), q, reduction="batchmean")
    bad = F.kl_div(net(x), q, reduction="batchmean")  # KL001
    bad2 = F.kl_div(student(x), net(x), reduction="batchmean")  # KL002
    bad3 = F.kl_div(q, student(x).exp(), reduction="batchmean")  # KL001
    return good + bad + bad2 + bad3
