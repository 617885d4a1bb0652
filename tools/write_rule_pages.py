"""Writes docs/rules/ from the rules' own words.

Run: python tools/write_rule_pages.py [FOLDER]. A test compares the pages with what this writes.
"""

import sys
from pathlib import Path

from kldiv.checker.rules import RULES, Rule

FOLDER = Path(__file__).parent.parent / "docs" / "rules"


def page(rule: Rule) -> str:
    """The page of one rule."""
    return (
        f"# {rule.code}: {rule.name}\n\nSeverity: {rule.severity}.\n\n"
        f"## What\n\n{rule.what}\n\n## Why\n\n{rule.why}\n\n"
        f"## Example\n\n```python\n{rule.example}\n```\n\n## Fix\n\n```python\n{rule.fix}\n```\n"
    )


def index() -> str:
    """The list of all rules."""
    rows = [f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity} |" for rule in RULES]
    return "\n".join(
        ["# The rules of `kldiv check`", "", "| code | name | severity |", "| --- | --- | --- |", *rows, ""]
    )


def pages() -> dict[str, str]:
    """Every page by its file's name."""
    return {"README.md": index(), **{f"{rule.code}.md": page(rule) for rule in RULES}}


def main() -> None:
    """Write the pages."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
