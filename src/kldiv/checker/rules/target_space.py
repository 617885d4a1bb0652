"""KL002: the target's space and log_target disagree."""

import ast
from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.dataflow.store import Observation
from kldiv.checker.rules.distributions import is_no_distribution
from kldiv.checker.rules.rule import Report, Rule
from kldiv.checker.space import Space


def find(file: Analysis) -> Iterator[Report]:
    """The targets that are known to be what log_target doesn't say; and tensors that stand on both sides."""
    for call in file.calls:
        if not is_no_distribution(call):
            yield from _of_space(call)
    yield from _in_both_roles(file)


def _of_space(call: Observation) -> Iterator[Report]:
    space, log_target = call.target.space, call.log_target
    if space in {Space.LOG_PROBS, Space.SCALED_LOG_PROBS} and log_target is False:
        message = "the target is log-probabilities, and log_target is not set"
        yield Report(call.target_node, message, "add log_target=True", call.number)
    elif space is Space.PROBS and log_target is True:
        message = "the target is probabilities, and log_target=True takes it for their logarithms"
        yield Report(call.target_node, message, "leave log_target out, or give F.log_softmax(…)", call.number)
    elif space is Space.LOGITS:
        wanted = "log_softmax" if log_target else "softmax"
        message = "the target is raw scores that went through no softmax"
        yield Report(call.target_node, message, f"wrap it: F.{wanted}(…, dim=-1)", call.number)


def _in_both_roles(file: Analysis) -> Iterator[Report]:
    """Tensors that exchange roles, or play both, can't be log-probabilities here and probabilities there."""
    calls = [call for call in file.calls if call.log_target is False]
    for call in calls:
        if _is_one_unknown(call):
            message = "one tensor is the input, as log-probabilities, and the target, as probabilities"
            yield Report(call.target_node, message, "give two distributions: D(p‖p) is 0", call.number)
    unknown = [call for call in calls if _are_two_unknowns(call)]
    pairs = {(call.input.origin, call.target.origin, id(call.function)) for call in unknown}
    for call in unknown:
        if (call.target.origin, call.input.origin, id(call.function)) in pairs:
            message = "these tensors are log-probabilities in one divergence and probabilities in another"
            yield Report(
                call.target_node, message, "give log-probabilities and add log_target=True", call.number
            )


def _is_one_unknown(call: Observation) -> bool:
    nodes = (call.input_node, call.target_node)
    named = all(isinstance(node, ast.Name) for node in nodes) and len({ast.dump(node) for node in nodes}) == 1
    return named and call.input == call.target and call.input.space is Space.UNKNOWN


def _are_two_unknowns(call: Observation) -> bool:
    sides = (call.input, call.target)
    unknown = all(side.origin and side.space is Space.UNKNOWN for side in sides)
    # Objects of one class share what is known of their attributes: the same origin may be two tensors.
    return unknown and call.input.origin != call.target.origin


RULE = Rule(
    "KL002",
    "target-space",
    "error",
    "The target is log-probabilities and `log_target` is not set, or `log_target=True` and "
    "the target is probabilities, or the target is raw scores; or one tensor is the input of "
    "one call and the target of another, which can't both be right.",
    "Without `log_target=True` the target is taken for probabilities: of a negative number "
    "PyTorch takes the logarithm, and the result is NaN or silently 0. With it, probabilities"
    " are exponentiated once more.",
    'loss = F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), reduction="batchmean")',
    'loss = F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), reduction="batchmean", log_target=True)',
    find,
)
