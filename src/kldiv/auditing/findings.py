"""From the calls looked at to what is wrong with them. Codes below KL100 are those of `kldiv check`."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from kldiv.report.numbers import how_many

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kldiv.auditing.observing import Observation

Severity = Literal["error", "warning"]

# float32's share of an error that is worth a word; half precision's is always told.
_NOTABLE = 0.01
_MATRIX = 2
_LAST = (-1,)
_WRAPPERS = {
    "log-probabilities": "LogProbs",
    "probabilities": "Probs",
    "weights": "Counts",
    "logits": "Logits",
}


@dataclass(frozen=True)
class Finding:
    """One thing wrong at a call site, in `count` of the `looked_at` calls."""

    code: str
    severity: Severity
    message: str
    fix: str
    count: int
    looked_at: int


class _Rule(NamedTuple):
    code: str
    severity: Severity
    applies: "Callable[[Observation], bool]"
    message: "Callable[[Sequence[Observation]], str]"
    fix: "Callable[[Observation], str]"


def findings_of(observations: "Sequence[Observation]") -> list[Finding]:
    """What is wrong with the calls, errors first."""
    found = []
    for rule in _RULES:
        wrong = [each for each in observations if rule.applies(each)]
        if wrong:
            message, fix = rule.message(wrong), rule.fix(wrong[0])
            found.append(Finding(rule.code, rule.severity, message, fix, len(wrong), len(observations)))
    return sorted(found, key=lambda finding: finding.severity != "error")


def suggestion(seen: "Observation") -> str:
    """The call of kldiv for what the arguments hold, "" where they hold no numbers."""
    if not (seen.input and seen.target and seen.divergence is not None):
        return ""
    reduction = {"batchmean": "mean", "none": "sum"}.get(seen.of.reduction, seen.of.reduction)
    p, q = _wrapped("target", seen.target.space, seen), _wrapped("input", seen.input.space, seen)
    end = ".sum()" if seen.of.reduction == "none" else ""
    mask = ", where=mask" if seen.masked else ""
    argument = mask + ("" if seen.of.reduction == "none" else f', reduction="{reduction}"')
    return f"kldiv.kl({p}, {q}{argument}){end}"


def _wrapped(side: str, space: str, seen: "Observation") -> str:
    """A side as kldiv takes it, whose outcomes lie along one dimension."""
    dims = seen.dims
    if len(dims) > 1:
        whole = len(dims) == len(seen.of.computed_shape)
        return f"{_WRAPPERS[space]}({side}.flatten({'' if whole else dims[0]}))"
    return f"{_WRAPPERS[space]}({side}{'' if dims == _LAST else f', dim={dims[0]}'})"


def _softmaxed(side: str, function: str, seen: "Observation") -> str:
    """A call of softmax along the dimension in which the outcomes lie."""
    if len(seen.dims) == 1:
        return f"F.{function}({side}, dim={seen.dims[0]})"
    return f"F.{function}({side}.flatten({seen.dims[0]}), dim=-1)"


def _averages_otherwise(seen: "Observation") -> bool:
    """Whether "batchmean" divides by another number than that of the distributions."""
    shape = seen.of.computed_shape
    if seen.of.reduction != "batchmean" or not shape:
        return False
    return seen.rows != seen.of.shape[0] if seen.distributed else len(shape) != _MATRIX


def _target_disagrees(seen: "Observation") -> bool:
    if seen.target is None or seen.target.space in {"no numbers", "masked"}:
        return False
    if seen.of.log_target:
        return seen.target.space != "log-probabilities"
    return seen.target.space in {"log-probabilities", "logits"}


def _input_message(wrong: "Sequence[Observation]") -> str:
    return f"input is not log-probabilities: {_looks([each.input for each in wrong])}"


def _input_fix(seen: "Observation") -> str:
    if seen.input and seen.input.space == "probabilities":
        return "pass the log_softmax of the logits, or the probabilities' log()"
    if seen.input and seen.input.space == "weights":
        return "divide by the sum and pass the log()"
    return f"pass {_softmaxed('input', 'log_softmax', seen)}"


def _target_message(wrong: "Sequence[Observation]") -> str:
    said = "log-probabilities, as log_target=True says" if wrong[0].of.log_target else "probabilities"
    return f"target is not {said}: {_looks([each.target for each in wrong])}"


def _target_fix(seen: "Observation") -> str:
    space = seen.target.space if seen.target else ""
    if space == "log-probabilities":
        return "log_target=True"
    if space == "logits":
        return f"pass {_softmaxed('target', 'log_softmax' if seen.of.log_target else 'softmax', seen)}"
    return "log_target=False, or pass target.log()"


def _looks(looks: "Sequence[object]") -> str:
    """What the sides look like, and what their sums are."""
    spaces: dict[str, list[float]] = {}
    for each in looks:
        spaces.setdefault(each.space, []).extend((each.low, each.high))  # type: ignore[attr-defined]
    return " or ".join(_look(space, min(sums), max(sums)) for space, sums in spaces.items())


def _look(space: str, low: float, high: float) -> str:
    sums = f"{low:.4g}" if math.isclose(low, high, rel_tol=1e-3) else f"{low:.4g} to {high:.4g}"
    if space == "logits" and high <= 1:
        return f"it looks like log-probabilities of a part of the outcomes (exp sums to {sums})"
    of = {
        "log-probabilities": f"it looks like log-probabilities (exp sums to {sums})",
        "probabilities": f"it looks like probabilities (sums to {sums})",
        "weights": f"it looks like unnormalised weights (sums to {sums})",
        "logits": f"it looks like logits (exp sums to {sums})",
    }
    return of.get(space, "it holds NaN or nothing finite")


def _error(seen: "Observation") -> float:
    """The relative error of the result against float64, NaN where that is unknown."""
    if seen.expected is None or seen.computed is None or not math.isfinite(seen.expected):
        return math.nan
    if seen.expected == seen.computed:
        return 0.0
    return abs(seen.computed - seen.expected) / abs(seen.expected) if seen.expected else math.inf


def _batchmean_message(wrong: "Sequence[Observation]") -> str:
    first = wrong[0]
    shape = tuple(first.of.shape)
    if not first.distributed:
        return f'"batchmean" divides by the first dimension alone of {shape}'
    distributions = how_many(first.rows, "distribution")
    return (
        f'"batchmean" divides by {shape[0]}, the first dimension of {shape}, where there are {distributions}'
    )


def _batchmean_fix(seen: "Observation") -> str:
    if seen.rows == 1:
        return 'reduction="sum"'
    if seen.dims == _LAST:
        return "flatten all but the outcomes first"
    return f'reduction="sum", divided by {seen.rows}'


def _precision_message(wrong: "Sequence[Observation]") -> str:
    worst = max(wrong, key=_error)
    of = "" if worst.whole else f" of the {how_many(worst.rows_read, 'row')} read"
    return (
        f"{worst.of.half or 'float32'} result{of} with a relative error of {_error(worst):.2g}: "
        f"{worst.computed:.6g} where the same call gives {worst.expected:.6g} in float64"
    )


def _negative_message(wrong: "Sequence[Observation]") -> str:
    least = min(each.least for each in wrong if each.least is not None)
    what = "a sum over outcomes" if wrong[0].of.reduction == "none" else "the result"
    why = " (rounding: the two sides are alike)" if all(each.alike for each in wrong) else ""
    return f"{what} is negative, down to {least:.6g}{why}; a divergence never is"


_RULES = (
    _Rule(
        "KL001", "error",
        lambda seen: seen.input is not None and seen.input.space not in {"log-probabilities", "masked"},
        _input_message, _input_fix,
    ),
    _Rule("KL002", "error", _target_disagrees, _target_message, _target_fix),
    _Rule(
        "KL003", "warning",
        lambda seen: seen.of.reduction == "mean" and seen.outcomes > 1,
        lambda wrong: f'reduction="mean" is over elements: the divergence divided by {wrong[0].outcomes}',
        lambda _: 'reduction="batchmean"',
    ),
    _Rule("KL004", "warning", _averages_otherwise, _batchmean_message, _batchmean_fix),
    _Rule(
        "KL005", "warning",
        lambda seen: seen.of.legacy,
        lambda wrong: f'size_average and reduce are deprecated; they mean "{wrong[0].of.reduction}"',
        lambda seen: f'reduction="{"batchmean" if seen.of.reduction == "mean" else seen.of.reduction}"',
    ),
    _Rule(
        "KL010", "error",
        lambda seen: seen.target is not None and not seen.of.log_target and seen.target.space == "weights",
        lambda wrong: f"target is no distribution: {_looks([each.target for each in wrong])}",
        lambda _: "divide target by its sum over the outcomes",
    ),
    _Rule(
        "KL012", "warning",
        lambda seen: seen.of.swapped_gradient,
        lambda _: "target requires a gradient and input does not: are the two swapped?",
        lambda _: "pass the student's log-probabilities as input, the teacher's, detached, as target",
    ),
    _Rule(
        "KL101", "error",
        lambda seen: seen.nonfinite,
        lambda wrong: f"the result is not finite: {wrong[0].returned}",
        lambda _: "kldiv.kl gives 0 for 0·log 0, and +∞ only where target has an outcome that input lacks",
    ),
    _Rule(
        "KL102", "error", lambda seen: seen.least is not None and seen.least < 0, _negative_message,
        lambda seen: f"{suggestion(seen) or 'kldiv.kl(...)'} is never negative",
    ),
    _Rule(
        "KL103", "warning",
        lambda seen: _error(seen) > (0.0 if seen.of.half else _NOTABLE) and not seen.alike,
        _precision_message,
        lambda seen: f"{suggestion(seen) or 'kldiv.kl(...)'} keeps every digit the inputs have",
    ),
)  # fmt: skip
