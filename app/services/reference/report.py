"""What an import tells: refusals and remarks by file, counts by kind, and the errors that stop it."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from app.services.reference.records import Kind, Source

SHOWN = 20  # remarks printed for one file
ADDED, UPDATED, UNCHANGED, REFUSED = OUTCOMES = ("ajouts", "mises à jour", "inchangés", "refus")
WIDTH = 14


class ImportStopped(Exception):
    """The import cannot go on and has written nothing; the message says in French why and what to do."""


class NotUnderstood(Exception):
    """A file that holds nothing the import knows; the message says in French why and what to do."""


class BadRow(ValueError):
    """A row that cannot be taken; the message is the reason, in French."""


@dataclass
class Report:
    """Collects what happens during an import; `say` receives each line as soon as it is known."""

    say: Callable[[str], None]
    counts: dict[Kind, Counter] = field(default_factory=lambda: defaultdict(Counter))
    remarks: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def has_changes(self) -> bool:
        """Whether anything was created or updated."""
        return any(count[ADDED] or count[UPDATED] for count in self.counts.values())

    def remark(self, source: Source, line: int, text: str) -> None:
        """Note something odd in a row that is taken nevertheless."""
        self.remarks[source.name].append(f"{source.unit} {line} : {text}")

    def remark_file(self, source: Source, text: str) -> None:
        """Note something about a file as a whole; it stands before what is said of its rows."""
        self.remarks[source.name].insert(0, text)

    def refuse(self, source: Source, line: int, reason: str) -> None:
        """Note a row that is not taken."""
        self.counts[source.kind][REFUSED] += 1
        self.remarks[source.name].append(f"{source.unit} {line}, refus : {reason}")

    def count(self, kind: Kind, *, created: int, updated: int, unchanged: int) -> None:
        """Add to the outcomes of a kind."""
        self.counts[kind].update({ADDED: created, UPDATED: updated, UNCHANGED: unchanged})

    def print_summary(self) -> None:
        """Say the remarks of each file, then the table of counts."""
        for name, lines in self.remarks.items():
            self.say(f"{name} :")
            for line in lines[:SHOWN]:
                self.say(f"  {line}")
            if len(lines) > SHOWN:
                self.say(f"  et {len(lines) - SHOWN} autres")
        self.say("".join([" " * 24, *(f"{outcome:>{WIDTH}}" for outcome in OUTCOMES)]))
        for kind in Kind:
            if kind in self.counts:
                self.say("".join([f"{kind:<24}", *(f"{self.counts[kind][o]:>{WIDTH}}" for o in OUTCOMES)]))
