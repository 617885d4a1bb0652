"""An audit as plain text: a block a call site, each finding with its fix."""

import textwrap
from typing import TYPE_CHECKING

from kldiv.auditing.findings import suggestion
from kldiv.report.numbers import how_many

if TYPE_CHECKING:
    from kldiv.auditing.findings import Finding
    from kldiv.auditing.record import Audit, Site

_WIDTH = 100


def text(audit: "Audit", width: int | None = _WIDTH) -> str:
    """The report, its lines folded at `width`, or not at all."""
    calls = sum(site.calls for site in audit.sites)
    head = f"kldiv audit: {how_many(calls, 'call')} of kl_div at {how_many(len(audit.sites), 'place')}"
    if not calls:
        head = "kldiv audit: kl_div was not called"
    lines = [head]
    for site in audit.sites:
        lines += ["", *_site(site)]
    if audit.notes:
        lines += ["", *audit.notes]
    return "\n".join(_folded(line, width) for line in lines) + "\n"


def _site(site: "Site") -> list[str]:
    read = len(site.read)
    looked = "all looked at" if read == site.calls else f"{read:,} looked at"
    lines = [f"{site.place}: {how_many(site.calls, 'call')}, {looked}"]
    lines += [f"    {site.source}"] if site.source else []
    lines += [
        f"  {how_many(count, 'call')} could not be read: {reason}" for reason, count in site.unread.items()
    ]
    findings = site.findings
    for finding in findings:
        lines += _finding(finding)
    if read and not findings:
        lines.append("  nothing wrong")
    return [*lines, *_comparison(site)]


def _finding(finding: "Finding") -> list[str]:
    count = "" if finding.count == finding.looked_at else f" ({finding.count} of {finding.looked_at})"
    return [f"  {finding.code} {finding.severity}: {finding.message}{count}", f"    fix: {finding.fix}"]


def _comparison(site: "Site") -> list[str]:
    """The first result beside kldiv's, where they differ."""
    first = next((each for each in site.read if each.divergence is not None), None)
    if first is None or first.returned is None:
        return []
    about = "" if first.whole or first.of.reduction != "sum" else "about "
    theirs, ours = f"{first.returned:.7g}", f"{first.divergence:.7g}"
    return [f"  first result {theirs}; {suggestion(first)} gives {about}{ours}"]


def _folded(line: str, width: int | None) -> str:
    if width is None or len(line) <= width:
        return line
    bare = line.lstrip()
    indent = " " * (len(line) - len(bare))
    # A first word longer than the line would lose an indent that were part of the text.
    return textwrap.fill(
        bare, width, initial_indent=indent, subsequent_indent=indent + "  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
