import torch
import torch.nn as nn
import torch.nn.functional as F


def case_0(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(reduction="batchmean")(a, b)


def case_1(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(None, None, "batchmean")(a, b)


def case_2(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(False)(a, b)


def case_3(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(reduction=mode)(a, b)


def case_4(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    size_average, reduce = True, False
    nn.KLDivLoss(size_average, reduce)(a, b)


def case_5(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(model.reduction)(a, b)


def case_6(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(log_target=True, reduction="batchmean")(a, b)


def case_7(a, b, x, y, p, q, u, v, t, T, mask, model, mode, eps, n):
    nn.KLDivLoss(*model)(a, b)
