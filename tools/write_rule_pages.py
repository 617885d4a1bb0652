"""Writes docs/rules/ from the rules' own words.

Run: python tools/write_rule_pages.py [FOLDER]. A test compares the pages with what this writes.
"""

import sys
from pathlib import Path

from kldiv.checker.notices import all_pages
from kldiv.report.findings import page

FOLDER = Path(__file__).parent.parent / "docs" / "rules"


def index() -> str:
    """The list of all rules, and of what is reported beside them."""
    rows = [
        f"| [{each.code}]({each.code}.md) | {each.name} | {each.severity} |" for each in all_pages().values()
    ]
    return "\n".join(
        ["# The rules of `kldiv check`", "", "| code | name | severity |", "| --- | --- | --- |", *rows, ""]
    )


def pages() -> dict[str, str]:
    """Every page by its file's name."""
    return {"README.md": index(), **{f"{code}.md": page(each) for code, each in all_pages().items()}}


def main() -> None:
    """Write the pages."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
