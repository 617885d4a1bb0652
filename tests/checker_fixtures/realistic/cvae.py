import torch
import torch.nn as nn
import torch.nn.functional as F
class CVAE(nn.Module):
    def __init__(self, d, z):
        super().__init__()
        self.enc_mu = nn.Linear(d, z)
        self.enc_logvar = nn.Linear(d, z)
        self.dec = nn.Linear(z, d)
    def forward(self, x):
        mu = self.enc_mu(x)
        log_var = self.enc_logvar(x)
        std = torch.exp(0.5 * log_var)
        z = mu + std * torch.randn_like(std)
        return self.dec(z), mu, log_var, z
def loss_fn(model, x):
    recon, mu, log_var, z = model(x)
    rec = F.mse_loss(recon, x)
    prior = torch.randn_like(z)
    a = F.kl_div(F.log_softmax(z, dim=1), F.softmax(prior, dim=1), reduction="batchmean")
    b = F.kl_div(z, prior, reduction="batchmean")  # KL001, KL002
    kld = -0.5 * torch.sum(1 + log_var - mu.pow(2) - log_var.exp())
    return rec + a + b + kld
