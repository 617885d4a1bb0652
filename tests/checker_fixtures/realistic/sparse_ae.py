import torch
import torch.nn.functional as F
def sparsity(rho, activations):
    rho_hat = torch.mean(torch.sigmoid(activations), 0)
    rho = torch.full_like(rho_hat, rho)
    return F.kl_div(rho_hat.log(), rho, reduction="sum")  # KL010
