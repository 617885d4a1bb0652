"""What `kldiv check` reports beside the rules, and the pages of all."""

from typing import NamedTuple

from kldiv.checker.finding import Severity
from kldiv.checker.rules import RULES


class Page(NamedTuple):
    """The words about a rule or a notice."""

    code: str
    name: str
    severity: Severity
    what: str
    why: str
    example: str
    fix: str


UNPARSED = Page(
    code="KL000",
    name="unreadable-file",
    severity="error",
    what="The file can't be read, decoded or parsed, and so was not checked.",
    why=(
        "A file that is passed over in silence looks like one without mistakes. It is reported whatever is "
        "selected; the other files are checked all the same."
    ),
    example="print F.kl_div(a, b)",
    fix="print(F.kl_div(a, b))",
)
UNUSED_IGNORE = Page(
    code="KL099",
    name="unused-ignore",
    severity="warning",
    what="A comment `# kldiv: ignore` stands where nothing is found. Reported with --unused-ignores alone.",
    why="It would hide the next mistake that is made there.",
    example="loss = F.mse_loss(a, b)  # kldiv: ignore",
    fix="loss = F.mse_loss(a, b)",
)


def all_pages() -> dict[str, Page]:
    """The words about every rule and notice by its code, in the order of codes."""
    pages = [
        Page(each.code, each.name, each.severity, each.what, each.why, each.example, each.fix)
        for each in RULES
    ]
    return {page.code: page for page in sorted((UNPARSED, *pages, UNUSED_IGNORE))}
