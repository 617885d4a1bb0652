"""What an audit has seen so far: the call sites, how often each called, and what was looked at."""

import linecache
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from kldiv.auditing.findings import Finding, findings_of, suggestion

if TYPE_CHECKING:
    from kldiv.auditing.looking import Looking
    from kldiv.auditing.observing import Observation


@dataclass
class Site:
    """One line of the program that calls kl_div."""

    file: str
    line: int
    counter: Iterator[int]
    looking: "Looking"
    asked: int = 0

    @property
    def observations(self) -> "list[Observation]":
        """The calls looked at."""
        return self.looking.observations

    @property
    def calls(self) -> int:
        """How often it has called."""
        # A counter is safe among threads, but only tells by going on: once for each time it was asked.
        number = next(self.counter) - self.asked
        self.asked += 1
        return number

    @property
    def read(self) -> "list[Observation]":
        """The calls whose numbers were looked at."""
        return [each for each in self.observations if not each.unread]

    @property
    def unread(self) -> dict[str, int]:
        """How many of the calls looked at could not be read, by the reason."""
        reasons = [each.unread for each in self.observations if each.unread] + self.looking.failures
        return {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}

    @property
    def place(self) -> str:
        """The file, as seen from the current folder where it lies below it, and the line."""
        relative = os.path.relpath(self.file) if os.path.isabs(self.file) else self.file  # noqa: PTH117
        return f"{self.file if relative.startswith('..') else relative}:{self.line}"

    @property
    def source(self) -> str:
        """The line of code, if it can be found."""
        return linecache.getline(self.file, self.line).strip()

    @property
    def findings(self) -> list[Finding]:
        """What is wrong here, errors first."""
        return findings_of(self.observations)


def processes_made() -> int:
    """How many processes multiprocessing has made; it counts them for their names."""
    module = sys.modules.get("multiprocessing.process")
    counter = repr(getattr(module, "_process_counter", "count(1)"))
    return int(counter.removeprefix("count(").removesuffix(")")) - 1 if counter.startswith("count(") else 0


@dataclass(eq=False)
class Audit:
    """Everything seen: a `Site` for each line that calls kl_div.

    `traced` says that torch.compile met kl_div; what its compiled code computes can't be seen. `processes`
    is how many multiprocessing made in the meantime, once that is over.
    """

    places: dict[tuple[str, int], Site] = field(default_factory=dict)
    traced: bool = False
    forks: int = 0
    processes: int | None = None
    _made_before: int = field(default_factory=processes_made)

    def end(self) -> None:
        """Count no process that is made from now on."""
        self.processes = processes_made() - self._made_before

    @property
    def sites(self) -> list[Site]:
        """The call sites, in the order of their files and lines."""
        return sorted(self.places.values(), key=lambda site: (site.file, site.line))

    @property
    def findings(self) -> list[Finding]:
        """What is wrong at any of them."""
        return [finding for site in self.sites for finding in site.findings]

    @property
    def notes(self) -> list[str]:
        """What could not be seen."""
        notes = []
        if self.traced:
            notes.append("kl_div was traced, as torch.compile does: what compiled code computes is not seen.")
        if self.forks:
            processes = "1 process was" if self.forks == 1 else f"{self.forks} processes were"
            notes.append(f"{processes} forked: calls in them, as in DataLoader workers, are not followed.")
        made = processes_made() - self._made_before if self.processes is None else self.processes
        if made > self.forks:
            spawned = made - self.forks
            processes = "1 process was" if spawned == 1 else f"{spawned} processes were"
            notes.append(f"{processes} spawned: calls in them are seen by kldiv.audit() in what they run.")
        return notes

    def document(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "calls": sum(site.calls for site in self.sites),
            "findings": len(self.findings),
            "notes": self.notes,
            "sites": [_document(site) for site in self.sites],
        }

    def __str__(self) -> str:
        from kldiv.auditing.text import text  # noqa: PLC0415 (the text is made of this)

        return text(self)


def _document(site: Site) -> dict[str, Any]:
    read = site.read
    first = next((each for each in read if each.divergence is not None), read[0] if read else None)
    return {
        "path": site.file,
        "line": site.line,
        "source": site.source,
        "calls": site.calls,
        "looked_at": len(read),
        "unread": site.unread,
        "findings": [asdict(finding) for finding in site.findings],
        "first": first
        and {
            "shape": list(first.of.shape),
            "dtype": first.of.dtype,
            "reduction": first.of.reduction,
            "returned": first.returned,
            "printed": f"{first.returned:.7g}",
            "kldiv": first.divergence,
            "call": suggestion(first),
        },
    }
