"""Who is measured, kldiv first and the floor last.

Each file has the peers of one framework, which is imported when a peer is prepared.
"""

from kldiv.benchmark.case import Divergence
from kldiv.benchmark.peer import Peer
from kldiv.benchmark.peers import in_jax, in_keras, in_kldiv, in_pytorch, in_scipy

_PEERS: dict[Divergence, tuple[Peer, ...]] = {
    "kl": (
        in_kldiv.KL,
        in_pytorch.COMPILED_KL,
        in_pytorch.EAGER_KL,
        in_pytorch.DISTRIBUTIONS,
        in_jax.OPTAX,
        in_keras.KERAS,
        in_scipy.REL_ENTR,
        in_pytorch.FLOOR,
    ),
    "js": (
        in_kldiv.JS,
        in_pytorch.COMPILED_JS,
        in_pytorch.EAGER_JS,
        in_scipy.JENSENSHANNON,
        in_pytorch.FLOOR,
    ),
}


def peers_of(divergence: Divergence) -> tuple[Peer, ...]:
    """Everybody who computes this divergence."""
    return _PEERS[divergence]
