"""`# kldiv: ignore` and `# kldiv: ignore[KL003, KL005]`: comments that take findings back.

A comment speaks for the whole statement it stands in, on whichever of its lines, and of a compound statement
(`with`, `if`, `def`) for its head.
"""

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kldiv.checker.finding import Finding
from kldiv.checker.notices import UNUSED_IGNORE

_IGNORE = re.compile(r"#\s*kldiv:\s*ignore(?:\s*\[(?P<codes>[^\]]*)\]|(?!\s*\[)(?![\w-]))")
_BREAKS = (tokenize.NEWLINE, tokenize.ENDMARKER)


@dataclass(frozen=True)
class Ignore:
    """One comment: where it stands, the lines it speaks for, and the codes it names, None for all."""

    line: int
    column: int
    text: str
    first_line: int
    last_line: int
    codes: tuple[str, ...] | None

    def covers(self, finding: Finding) -> bool:
        """Whether the comment takes this finding back."""
        here = self.first_line <= finding.line <= self.last_line
        return here and (self.codes is None or finding.code.startswith(self.codes))

    def unused(self, path: str) -> Finding:
        """The finding that there is nothing to take back."""
        end = self.column + len(self.text)
        message = f"nothing here is ignored by `{self.text}`"
        code, severity, fix = UNUSED_IGNORE.code, UNUSED_IGNORE.severity, "remove the comment"
        return Finding(path, self.line, self.column, self.line, end, code, severity, message, fix)


def ignores_of(source: str) -> list[Ignore]:
    """The comments of a source that ignore findings."""
    return list(_ignores(source)) if _IGNORE.search(source) else []


def split(findings: Sequence[Finding], ignores: Sequence[Ignore]) -> tuple[list[Finding], list[Ignore]]:
    """The findings that no comment takes back, and the comments that take none back."""
    covering = {ignore: [each for each in findings if ignore.covers(each)] for ignore in ignores}
    ignored = {each for covered in covering.values() for each in covered}
    return [each for each in findings if each not in ignored], [
        ignore for ignore, covered in covering.items() if not covered
    ]


def _ignores(source: str) -> Iterator[Ignore]:
    """Collect the comments of each logical line; what Python's own tokenizer can't read has none."""
    first_line, comments = 1, list[tokenize.TokenInfo]()
    try:
        for token in tokenize.generate_tokens(io.StringIO(source, newline=None).readline):
            if token.type == tokenize.COMMENT:
                comments.append(token)
            elif token.type in _BREAKS:
                yield from _speaking_for(first_line, token.start[0], comments)
                first_line, comments = token.start[0] + 1, []
    except (tokenize.TokenError, SyntaxError):
        return


def _speaking_for(
    first_line: int, last_line: int, comments: Sequence[tokenize.TokenInfo]
) -> Iterator[Ignore]:
    for comment in comments:
        for match in _IGNORE.finditer(comment.string):
            codes = match["codes"]
            named = (
                None if codes is None else tuple(each.strip() for each in codes.split(",") if each.strip())
            )
            line, column = comment.start
            yield Ignore(line, column + 1 + match.start(), match[0], first_line, last_line, named)
