import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from torch import nn

class Lit(pl.LightningModule):
    def __init__(self, encoder, num_classes, temperature=0.07):
        super().__init__()
        self.save_hyperparameters()
        self.encoder = encoder
        self.classifier = nn.Sequential(nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, num_classes))
        self.kl = nn.KLDivLoss(reduction="batchmean")

    def forward(self, x):
        return self.classifier(self.encoder(x))

    def training_step(self, batch, batch_idx):
        (x1, x2), y = batch
        z1, z2 = self(x1), self(x2)
        consistency = self.kl(z1.log_softmax(dim=1), z2.detach().softmax(dim=1))
        wrong = self.kl(z1, z2.detach().softmax(dim=1))  # KL001
        wrong2 = self.kl(self(x1).log_softmax(1), self.forward(x2))  # KL002
        return F.cross_entropy(z1, y) + consistency + wrong + wrong2
