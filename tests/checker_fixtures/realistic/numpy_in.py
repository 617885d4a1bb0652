import numpy as np
import torch
import torch.nn.functional as F
p = torch.from_numpy(np.array([0.2, 0.3, 0.5]))
q = torch.tensor([0.1, 0.6, 0.3])
print(F.kl_div(p, q, reduction="sum"))  # KL001
print(F.kl_div(q, p, reduction="sum"))  # KL001
print(F.kl_div(q.log(), p, reduction="sum"))
print(F.kl_div(torch.log(p), torch.log(q), reduction="sum"))  # KL002
