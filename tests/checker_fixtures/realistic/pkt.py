import torch
import torch.nn.functional as F

def pkt(output_net, target_net, eps=0.0000001):
    output_net = F.normalize(output_net, dim=1)
    target_net = F.normalize(target_net, dim=1)
    model_similarity = torch.mm(output_net, output_net.transpose(0, 1))
    target_similarity = torch.mm(target_net, target_net.transpose(0, 1))
    model_similarity = (model_similarity + 1.0) / 2.0
    target_similarity = (target_similarity + 1.0) / 2.0
    model_similarity = model_similarity / torch.sum(model_similarity, dim=1, keepdim=True)
    target_similarity = target_similarity / torch.sum(target_similarity, dim=1, keepdim=True)
    return F.kl_div(torch.log(model_similarity), target_similarity, reduction="batchmean")
