import torch
import torch.nn.functional as F
from einops import rearrange, reduce


def over_classes(s, t, valid):
    kl = F.kl_div(F.log_softmax(s, dim=1), F.softmax(t, dim=1), reduction="none")
    kl = reduce(kl, "b c h w -> b h w", "sum")
    return kl[valid].mean()


def over_elements(s, t):
    kl = F.kl_div(F.log_softmax(s, dim=1), F.softmax(t, dim=1), reduction="none")
    return reduce(kl, "b c h w -> b", "mean").mean()  # KL003


def over_classes_then_pixels(s, t):
    kl = F.kl_div(F.log_softmax(s, dim=1), F.softmax(t, dim=1), reduction="none")
    return reduce(reduce(kl, "b c h w -> b h w", "sum"), "b h w -> b", "mean").mean()


def mean_of_what_is_moved(s, t):
    kl = F.kl_div(F.log_softmax(s, dim=1), F.softmax(t, dim=1), reduction="none")
    return rearrange(kl, "b c h w -> b h w c").mean(-1).sum()  # KL003


def sum_of_what_is_moved(s, t):
    kl = F.kl_div(F.log_softmax(s, dim=1), F.softmax(t, dim=1), reduction="none")
    return rearrange(kl, "b c h w -> b h w c").sum(-1).mean()


def of_features(s, t):
    s, t = reduce(s, "b c h w -> b c", "mean"), reduce(t, "b c h w -> b c", "mean")
    return F.kl_div(s.log_softmax(1), t.softmax(1), reduction="batchmean")
