"""What each divergence is called, what it says in words, and the term that one outcome adds to it."""

from typing import NamedTuple

from kldiv.definition import Hellinger, Jeffreys, JensenShannon, KullbackLeibler, TotalVariation

_LOG = {"bits": "log₂", "nats": "ln", "hartleys": "log₁₀"}


class Words(NamedTuple):
    """The words for one divergence; `log` stands for the logarithm of its unit."""

    name: str
    symbol: str
    meaning: str
    """What the number is."""
    equality: str
    term: str
    total: str
    """The divergence from the sum of its terms."""
    has_direction: bool

    def term_in(self, unit: str) -> str:
        """The term with the unit's logarithm."""
        return self.term.replace("log", _LOG.get(unit, "log"))

    def total_in(self, unit: str) -> str:
        """The formula with the unit's logarithm."""
        return self.total.format(term=self.term_in(unit))


WORDS = {
    "kl": Words(
        KullbackLeibler.name,
        "D(P‖Q)",
        "How surprising P is to someone who expects Q",
        "0 is no surprise: both are alike.",
        "p·log(p/q)",
        "Σ {term}",
        has_direction=True,
    ),
    "js": Words(
        JensenShannon.name,
        "JS(P, Q)",
        "How much one value tells about whether it comes from P or from Q",
        "It has no direction. 0: nothing, both are alike.",
        "½·p·log(p/m) + ½·q·log(q/m)",
        "Σ {term} with m = ½·(p + q)",
        has_direction=False,
    ),
    "psi": Words(
        f"Population stability index, the {Jeffreys.name}",
        "PSI(P, Q)",
        "How surprising P is to someone who expects Q, and Q to someone who expects P, together",
        "It has no direction. 0 is no surprise: both are alike.",
        "(p − q)·log(p/q)",
        "Σ {term}",
        has_direction=False,
    ),
    "total_variation": Words(
        TotalVariation.name,
        "TV(P, Q)",
        "How much of P would have to be something else for it to be Q",
        "It has no direction. 0: both are alike; 1: they have nothing in common.",
        "½·|p − q|",
        "Σ {term}",
        has_direction=False,
    ),
    "hellinger": Words(
        Hellinger.name,
        "H(P, Q)",
        "How far apart P and Q are",
        "It has no direction. 0: both are alike; 1: they have nothing in common.",
        "½·(√p − √q)²",
        "√Σ {term}",
        has_direction=False,
    ),
}

METHODS = {
    "zhang_grabchak": "It is corrected for bias and always finite (Zhang & Grabchak 2014). It can be "
    "slightly below 0, which the divergence itself can't be: that says how uncertain it is.",
    "bias_corrected": "It is corrected for bias, and stands at the end of the divergence's range where the "
    "correction would leave it.",
}
"""What is to be known of a way of estimating, by its name."""
