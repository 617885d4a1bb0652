"""What `kldiv check` reports beside the rules, in the form of rules, and all of them by their codes."""

from kldiv.checker.rules import RULES
from kldiv.checker.rules.rule import Rule

UNPARSED = Rule(
    code="KL000",
    name="unreadable-file",
    severity="error",
    what="The file can't be read, decoded or parsed, and so was not checked.",
    why=(
        "A file that is passed over in silence looks like one without mistakes. It is reported whatever is "
        "selected; the other files are checked all the same."
    ),
    example="print F.kl_div(a, b)",
    fix="Repair the file, declare its encoding in its first line, or exclude it.",
)
UNUSED_IGNORE = Rule(
    code="KL099",
    name="unused-ignore",
    severity="warning",
    what="A comment `# kldiv: ignore` stands where nothing is found. Reported with --unused-ignores alone.",
    why="It would hide the next mistake that is made there.",
    example="loss = F.mse_loss(a, b)  # kldiv: ignore",
    fix="Remove the comment, or the code that finds nothing.",
)


def all_rules() -> dict[str, Rule]:
    """Every rule and notice by its code, in the order of codes."""
    return {rule.code: rule for rule in sorted((UNPARSED, *RULES, UNUSED_IGNORE), key=lambda rule: rule.code)}
