"""What an estimate from two samples says: in words, and as a document."""

import math
from dataclasses import fields
from typing import Any

from kldiv.estimators.estimate import ContinuousEstimate, Estimate
from kldiv.report.numbers import number
from kldiv.units import unit_of

AnyEstimate = Estimate | ContinuousEstimate

_METHODS = {
    "zhang_grabchak": "corrected for bias (Zhang & Grabchak 2014)",
    "bias_corrected": "corrected for bias",
    "plug_in": "the frequencies as counted (plug-in)",
    "nearest_neighbours": "by distances to nearest neighbours (Wang, Kulkarni & Verdú 2009)",
}


def document(estimate: AnyEstimate) -> dict[str, Any]:
    """Everything an estimate holds, for JSON, and what it means in words."""
    held: dict[str, Any] = {each.name: getattr(estimate, each.name) for each in fields(estimate)}
    if isinstance(estimate, Estimate):
        held["outcomes"] = [each._asdict() for each in estimate.outcomes]
        held |= {"infinite": estimate.infinite, "unbounded": estimate.unbounded}
    else:
        held["biased"] = estimate.biased
    direction = {"direction": "D(P||Q)"} if estimate.divergence == "kl" else {}
    return direction | held | {"meaning": in_words(estimate)}


def in_words(estimate: AnyEstimate) -> list[str]:
    """What the numbers mean, in sentences."""
    said = [meaning(estimate), verdict(estimate)]
    if isinstance(estimate, Estimate) and estimate.unbounded:
        one, other = ("P", "Q") if estimate.divergence == "kl" else ("one", "the other")
        said.append(
            f"The interval has no upper end: {one} shows an outcome that {other} lacks by more than chance, "
            f"and {other} may not have it at all."
        )
    if not isinstance(estimate, Estimate) and estimate.biased:
        said.append(
            f"Neither is to be relied on: an estimate from so many points of {estimate.dimensions} "
            f"dimension{'' if estimate.dimensions == 1 else 's'} seems to be off by "
            f"{number(estimate.bias)} {estimate.unit} on average, which is more than it varies."
        )
    return said


def method(estimate: AnyEstimate) -> str:
    """How the estimate was made."""
    return _METHODS.get(estimate.method, f"of frequencies smoothed by {estimate.method.capitalize()}'s rule")


def meaning(estimate: AnyEstimate) -> str:
    """What a divergence of this size is, in a sentence."""
    size = estimate.estimate
    if size <= 0:
        return "The samples are no further apart than two samples of one distribution usually are."
    if estimate.divergence == "kl":
        factor = math.exp(min(size * unit_of(estimate.base).nats, 700.0))
        return (
            f"A value drawn from P is {factor:.3g} times as likely under P as under Q, in the geometric mean."
        )
    if estimate.divergence == "psi":
        return "It is D(P‖Q) + D(Q‖P): what either costs when it is taken for the other."
    if estimate.divergence == "js":
        share = size * unit_of(estimate.base).nats / math.log(2)
        return f"One value tells {100 * share:.3g} % of what there is to know about whether it is P's or Q's."
    if estimate.divergence == "total_variation":
        guess = 50 * (1 + size)
        return f"Who sees one value can tell whether it is P's or Q's {guess:.3g} % of the time at most."
    return "It is 0 where P and Q are equal, and 1 where they share no outcome."


def verdict(estimate: AnyEstimate) -> str:
    """Whether the samples say that P and Q differ."""
    risk = 1 - estimate.confidence
    if not isinstance(estimate, Estimate):
        if estimate.low > 0:
            return "The interval lies above 0: P and Q differ."
        return "The interval reaches 0: P = Q is not excluded."
    if estimate.p_value < risk:
        return (
            f"Of samples of P = Q less than {100 * risk:.3g} % have frequencies this different: they differ."
        )
    share = f"{100 * estimate.p_value:.3g} %"
    return f"Of samples of P = Q {share} have frequencies this different: it is not excluded."


def infinity(estimate: Estimate) -> str | None:
    """Why the value as counted is infinite, if it is."""
    if not estimate.infinite:
        return None
    missing = [("Q", "P", each.outcome, each.p) for each in estimate.missing_from_q]
    if estimate.divergence == "psi":
        missing += [("P", "Q", each.outcome, each.q) for each in estimate.missing_from_p]
    one, other, outcome, _ = missing[0]
    share = sum(each[3] for each in missing if each[0] == one)
    others = sum(each[0] == one for each in missing) - 1
    more = f" and {others:,} more outcome{'s' if others > 1 else ''}" if others else ""
    return f"infinite because {one} never shows {outcome}{more}, which {other} has {share:.4g} of"
