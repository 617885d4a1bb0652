"""What frameworks return for one pair, and which call printed a number: the data behind both outputs."""

import math
from typing import Any

from kldiv.conventions.call import Call, Function
from kldiv.conventions.catalogue import CALLS, FRAMEWORKS, FUNCTIONS
from kldiv.conventions.matching import Diagnosis, Match, corrected, diagnose, parse_printed, right_in
from kldiv.errors import InvalidInputError
from kldiv.report.explanation import Explanation

# Keras' clip and float32 move the divergence itself by less than this share of it.
_SAME = 1e-5


def functions_of(framework: str) -> list[Function]:
    """The functions of one framework, or of all.

    Raises:
        InvalidInputError: no such framework.
    """
    if framework != "all" and framework not in FRAMEWORKS:
        raise InvalidInputError(
            f"--framework is {framework!r}; expected all or one of {', '.join(FRAMEWORKS)}"
        )
    return [function for function in FUNCTIONS if framework in {"all", function.framework}]


def diagnosis_of(explanation: Explanation, got: str, framework: str = "all") -> Diagnosis:
    """Which calls, of one framework or of any, print `got` for the explained pair.

    Raises:
        InvalidInputError: no such framework, or none whose calls are tried; or `got` is no number.
    """
    tried = tuple(dict.fromkeys(call.framework for call in CALLS))
    if framework != "all" and framework not in tried:
        raise InvalidInputError(
            f"--framework is {framework!r}; expected with --got all or one of {', '.join(tried)}"
        )
    calls = [call for call in CALLS if framework in {"all", call.framework}]
    return diagnose(explanation.pair(), parse_printed(got), calls)


def difference(function: Function, call: Call, explanation: Explanation) -> str:
    """What the number of a call is, and why it differs from D(P‖Q) where it does."""
    meaning = call.meaning(len(explanation.outcomes))
    value, nats = call.returns(explanation.pair()), explanation.nats
    if call.slips or value == nats or math.isclose(value, nats, rel_tol=_SAME):
        return meaning
    if call.remark:
        return f"{meaning}; which differs from D(P‖Q)"
    return f"not D(P‖Q), because of zeros: {function.zeros}"


def explained(call: Call, explanation: Explanation) -> str:
    """The same, of any call."""
    function = next((each for each in FUNCTIONS if any(row.call == call.right for row in each.calls)), None)
    if function is None:
        return call.meaning(len(explanation.outcomes))
    return difference(function, call, explanation)


def document_of_functions(explanation: Explanation, functions: list[Function]) -> list[dict[str, Any]]:
    """Every function with its calls and their numbers, for JSON."""
    return [
        {
            "framework": function.framework,
            "function": function.name,
            "order": function.order,
            "spaces": function.spaces,
            "base": function.base,
            "reduction": function.reduction,
            "clipping": function.clipping,
            "zeros": function.zeros,
            "documented_only": function.documented or None,
            "calls": [
                {
                    "call": call.call,
                    **number(call.returns(explanation.pair())),
                    "precision": call.precision,
                    "meaning": difference(function, call, explanation),
                }
                for call in function.calls
            ],
        }
        for function in functions
    ]


def document_of_diagnosis(explanation: Explanation, diagnosis: Diagnosis) -> dict[str, Any]:
    """A diagnosis for JSON, the likeliest match first."""

    def entry(match: Match) -> dict[str, Any]:
        return {
            "framework": match.call.framework,
            "call": match.call.call,
            **number(match.value),
            "slips": [slip.name for slip in match.call.slips],
            "right": right_in(match.call, explanation.base),
            "meaning": explained(match.call, explanation),
            "corrected": corrected(match.call, explanation.base),
            "agrees": "digits" if match.to_the_digit else "float32",
        }

    groups = enumerate(diagnosis.groups, 1)
    group_of = {match.call.call: at for at, group in groups for match in group}
    printed = diagnosis.printed
    return {
        "got": {"text": printed.text, **number(printed.value), "digits": printed.digits},
        "matches": [entry(match) | {"group": group_of[match.call.call]} for match in diagnosis.matches],
        "distinct_numbers": diagnosis.distinct,
        "tried": diagnosis.tried,
        "nearest": [entry(match) | {"agrees": None} for match in diagnosis.nearest],
    }


def number(value: float) -> dict[str, Any]:
    """A number as JSON has it, null where it is not finite, and as Python prints it."""
    return {"returns": value, "printed": f"{value:.7g}"}
