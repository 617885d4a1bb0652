"""KL008: the direction contradicts the code's own words."""

import ast
import re
from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.dataflow.store import Observation
from kldiv.checker.rules.rule import Report, Rule
from kldiv.checker.space import Tensor

_WORD = 3
_TEACHER, _STUDENT = re.compile(r"(^|_)teachers?(_|$|\d)"), re.compile(r"(^|_)students?(_|$|\d)")
_SWITCH = re.compile(
    r"revers|rkl|backward|direction|mode(?!l)|symm|jeffrey|mutual|bidirect|swap|inverse|js[dk]?\b|jensen|kl_?type|skew",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"(?:\bD?_?KL|\bD|divergence)\s*[\(\[]\s*(\w+)\s*(?:\|\||‖|∥)\s*(\w+)\s*[\)\]]", re.IGNORECASE
)


def role_of(value: Tensor) -> str:
    """Whose output a value is, by its names; nothing where they say both or neither."""
    teacher = any(_TEACHER.search(name.lower()) for name in value.names)
    student = any(_STUDENT.search(name.lower()) for name in value.names)
    return "" if teacher == student else "teacher" if teacher else "student"


def find(file: Analysis) -> Iterator[Report]:
    """Calls that compute the other direction than is said."""
    lines = file.source.split("\n")
    for call in file.calls:
        said = _said(call, lines)
        if said is not None:
            if _is_opposite(call, *said):
                message = (
                    f"the text says KL({said[0]} ‖ {said[1]}), and this call computes the other direction"
                )
                yield Report(
                    call.node,
                    message,
                    "exchange the two distributions: the input is the second one",
                    call.number,
                )
        elif (role_of(call.input), role_of(call.target)) == ("teacher", "student") and not _reverses(
            file, call
        ):
            message = "this is D(student ‖ teacher): the input is the teacher's and the target the student's"
            fix = "the teacher is the target: F.kl_div(student's log-probabilities, teacher's probabilities)"
            yield Report(call.node, message, fix, call.number)


def _said(call: Observation, lines: list[str]) -> tuple[str, str] | None:
    """KL(p ‖ q) in the function's docstring or in a comment on the call's line or the one above."""
    texts = []
    if isinstance(call.function, ast.FunctionDef | ast.AsyncFunctionDef):
        texts.append(ast.get_docstring(call.function) or "")
    for number in (call.node.lineno, call.node.lineno - 1):
        line = lines[number - 1] if 0 < number <= len(lines) else ""
        texts.append(
            line.partition("#")[2] if number == call.node.lineno or line.strip().startswith("#") else ""
        )
    found = {match for text in texts for match in _WORDS.findall(text)}
    return next(iter(found)) if len(found) == 1 else None


def _is_opposite(call: Observation, first: str, second: str) -> bool:
    """In F.kl_div the target is the first distribution of KL(first ‖ second)."""
    one, two = _matches(call.input, first), _matches(call.input, second)
    three, four = _matches(call.target, first), _matches(call.target, second)
    return one and four and not two and not three


def _matches(value: Tensor, word: str) -> bool:
    wanted = word.lower()
    forms = {wanted, f"log_{wanted}", f"log{wanted}", f"{wanted}_log", f"{wanted}_logits", f"{wanted}_probs"}
    return any(
        name.lower() in forms or (len(wanted) >= _WORD and wanted in name.lower().split("_"))
        for name in value.names
    )


def _reverses(file: Analysis, call: Observation) -> bool:
    """Whether the surroundings say that this direction is meant, or compute both."""
    texts = [*call.conditions, getattr(call.function, "name", "")]
    if isinstance(call.function, ast.FunctionDef | ast.AsyncFunctionDef):
        texts.append(ast.get_docstring(call.function) or "")
    texts += _around(file, call)
    both = any(
        (role_of(other.input), role_of(other.target)) == ("student", "teacher")
        and other.function is call.function
        for other in file.calls
    )
    return both or any(_SWITCH.search(text) for text in texts)


def _around(file: Analysis, call: Observation) -> list[str]:
    """The line of the call and the one above, the name it is bound to among them, and the class's words."""
    lines = file.source.split("\n")
    at, end = call.node.lineno, call.node.end_lineno or call.node.lineno
    nearby = [line for line in lines[max(at - 2, 0) : at - 1] if line.strip().startswith("#")] + lines[
        at - 1 : end
    ]
    classes = [
        f"{node.name} {ast.get_docstring(node) or ''}"
        for node in file.tree.body
        if isinstance(node, ast.ClassDef) and node.lineno <= at <= (node.end_lineno or at)
    ]
    return [*nearby, *classes]


RULE = Rule(
    "KL008",
    "direction",
    "warning",
    "The call computes the other direction than the code's own words say: the teacher is the "
    "input and the student the target, or a docstring says KL(p ‖ q) and the input is p.",
    "`F.kl_div(input, target)` is D(target ‖ input): the reference comes second. D(teacher ‖ "
    "student) makes the student cover all that the teacher does; the other direction makes it"
    " pick one mode. A branch, name or comment that says reverse is believed.",
    "loss = F.kl_div(F.log_softmax(teacher_logits, -1), F.softmax(student_logits, -1), "
    'reduction="batchmean")',
    "loss = F.kl_div(F.log_softmax(student_logits, -1), F.softmax(teacher_logits, -1), "
    'reduction="batchmean")',
    find,
)
