"""Which findings are wanted: codes or their beginnings, selected and ignored."""

from collections.abc import Iterable
from dataclasses import dataclass

from kldiv.checker.notices import UNPARSED, UNUSED_IGNORE, all_pages
from kldiv.errors import InvalidInputError


@dataclass(frozen=True)
class Selection:
    """Beginnings of codes. What is not selected is left out, and what is ignored, too.

    That a file can't be read is reported whatever is selected, unless it is ignored.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def wants(self, code: str) -> bool:
        """Whether findings of this code are shown.

        Example:
            >>> Selection(("KL",), ("KL003",)).wants("KL003")
            False
        """
        always = not self.select or code in (UNPARSED.code, UNUSED_IGNORE.code)
        return (always or code.startswith(self.select)) and not code.startswith(self.ignore)


def checked_codes(codes: Iterable[str], where: str) -> tuple[str, ...]:
    """Codes or beginnings of codes, without the blanks around them.

    Raises:
        InvalidInputError: one that begins no code.
    """
    given = tuple(code.strip() for code in codes)
    known = all_pages()
    for code in given:
        if not code or not any(each.startswith(code) for each in known):
            raise InvalidInputError(
                f"{where} has {code!r}, which is no rule; expected codes or beginnings of codes from "
                f"{', '.join(known)}"
            )
    return given
