import torch.nn as nn
import torch.nn.functional as F

class Trainer:
    def __init__(self, models):
        self.models = models
        self.loss_kl = nn.KLDivLoss(reduction='batchmean')
        self.loss_ce = nn.CrossEntropyLoss()

    def train_batch(self, images, labels):
        outputs = []
        for model in self.models:
            outputs.append(model(images))
        for i in range(len(self.models)):
            ce_loss = self.loss_ce(outputs[i], labels)
            kl_loss = 0
            for j in range(len(self.models)):
                if i != j:
                    kl_loss += self.loss_kl(F.log_softmax(outputs[i], dim=1), F.softmax(outputs[j].detach(), dim=1))
            loss = ce_loss + kl_loss / (len(self.models) - 1)
        return loss
