"""kldiv itself."""

from torch import Tensor

from kldiv.benchmark.case import Case
from kldiv.benchmark.peer import Peer, Prepared
from kldiv.benchmark.peers.in_pytorch import ready
from kldiv.divergence import js, kl
from kldiv.inputs import Logits

OWN = "kldiv"


def _kl(p: Tensor, q: Tensor) -> Tensor:
    return kl(Logits(p), Logits(q), reduction="sum")


def _js(p: Tensor, q: Tensor) -> Tensor:
    return js(Logits(p), Logits(q), reduction="sum")


def _prepare_kl(case: Case) -> Prepared:
    return ready(_kl, 'kldiv.kl(Logits(p), Logits(q), reduction="sum")', case)


def _prepare_js(case: Case) -> Prepared:
    return ready(_js, 'kldiv.js(Logits(p), Logits(q), reduction="sum")', case)


KL = Peer(OWN, _prepare_kl, ("torch", "numba"))
JS = Peer(OWN, _prepare_js, ("torch", "numba"))
