"""Three texts made one: what two people have written from the same base, by lines and, inside them, by sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby

from app.services.aligning import (
    LINE_END,
    WORDLESS,
    Alignment,
    Merge3BesideEachOther,
    common_ends,
    sentences,
)

SIDES = ("base", "mine", "theirs")


@dataclass(frozen=True)
class Agreed:
    """Lines that both texts agree on, or that one of them alone has changed."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Conflict:
    """Whole lines that both texts have changed, each in its way.

    What only one of the two has changed in these lines is already in all three, `base` too.
    """

    base: tuple[str, ...]
    mine: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True)
class Merge:
    """The outcome of a merge: from top to bottom, what is agreed and what remains to be settled."""

    pieces: tuple[Agreed | Conflict, ...]

    @cached_property
    def conflicts(self) -> list[Conflict]:
        """What remains to be settled, from top to bottom."""
        return [piece for piece in self.pieces if isinstance(piece, Conflict)]

    @property
    def is_clean(self) -> bool:
        """Whether nothing remains to be settled."""
        return not self.conflicts

    @property
    def text(self) -> str:
        """The merged text. Raises `ValueError` while there are conflicts."""
        if self.conflicts:
            raise ValueError("conflicts must be settled first")
        return self.settled([])

    @property
    def both(self) -> str:
        """The whole text where each conflict is mine, then theirs: nothing that was written is missing."""
        return self.settled([conflict.mine + conflict.theirs for conflict in self.conflicts])

    def bounded(self, most: int) -> "Merge":
        """Return the same with so many conflicts at most: the last one holds all that follows, to the end of what would
        be the last."""
        places = [number for number, piece in enumerate(self.pieces) if isinstance(piece, Conflict)]
        if len(places) <= most:
            return self
        first, last = places[most - 1], places[-1] + 1
        sides = (chain.from_iterable(_side(piece, name) for piece in self.pieces[first:last]) for name in SIDES)
        return Merge((*self.pieces[:first], Conflict(*map(tuple, sides)), *self.pieces[last:]))

    def settled(self, answers: Sequence[Sequence[str]]) -> str:
        """Return the text with one list of lines for each conflict, in order. Raises `ValueError` for another count."""
        if len(answers) != len(self.conflicts):
            raise ValueError(f"{len(answers)} answers to {len(self.conflicts)} conflicts")
        rest = iter(answers)
        return "\n".join(
            line for piece in self.pieces for line in (piece.lines if isinstance(piece, Agreed) else next(rest))
        )


def _side(piece, name):
    return piece.lines if isinstance(piece, Agreed) else getattr(piece, name)


def merge(base: str, mine: str, theirs: str) -> Merge:
    """Merge two texts that were both written from `base`.

    Lines that stand beside each other, and sentences of one line, may be changed by different people. Remain
    conflicts: the same sentence changed in two ways, or changed and deleted; two additions at one place; what one
    moved and the other deleted or changed. Line ends of every system are read; the outcome has "\\n". Swapping `mine`
    and `theirs` swaps them in the outcome, no more.
    """
    texts = [lines_of(text) for text in (base, mine, theirs)]
    pieces = list(regions(*texts, gone_from(*texts)))
    if not all(isinstance(piece, Agreed) for piece in pieces):
        gone = gone_from(*map(sentences, texts))
        pieces = chain.from_iterable([p] if isinstance(p, Agreed) else by_sentences(p, gone) for p in pieces)
    return Merge(tuple(joined(chain.from_iterable(map(trimmed, pieces)))))


def lines_of(text: str) -> list[str]:
    """Return the lines of `text` without their ends; an empty text has none."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if text else []


def gone_from(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return the words of the base that stand nowhere any more in mine, and those that do not in theirs."""
    words = {token for token in base if not WORDLESS.fullmatch(token)}
    return words.difference(mine), words.difference(theirs)


def regions(base, mine, theirs, gone) -> Iterator[Agreed | Conflict]:
    """Merge three sequences of lines or sentences; `gone` is what `gone_from` says of the whole texts."""
    z = a = b = 0
    merger = Merge3BesideEachOther(base, mine, theirs, sequence_matcher=Alignment)
    for z_start, z_end, a_start, a_end, b_start, b_end in merger.find_sync_regions():
        yield settle(tuple(base[z:z_start]), tuple(mine[a:a_start]), tuple(theirs[b:b_start]), gone)
        yield Agreed(tuple(base[z_start:z_end]))
        z, a, b = z_end, a_end, b_end


def settle(base: tuple, mine: tuple, theirs: tuple, gone: tuple[set, set]) -> Agreed | Conflict:
    """Return what becomes of one region: the text of the only side that changed it, or of both when they agree.

    Of two additions at one place, where one is the other with more in one spot, the longer one is taken. What one side
    puts here and the other took out elsewhere is a conflict.
    """
    if (gone[1].intersection(mine) | gone[0].intersection(theirs)).difference(base):
        return Conflict(base, mine, theirs)
    if mine == theirs or base in (mine, theirs):
        return Agreed(theirs if mine == base else mine)
    additions = not base and LINE_END not in mine + theirs  # whole lines are compared as lines
    if additions and sum(common_ends(mine, theirs)) == min(len(mine), len(theirs)):
        return Agreed(max(mine, theirs, key=len))
    return Conflict(base, mine, theirs)


def by_sentences(region: Conflict, gone: tuple[set, set]) -> Iterator[Agreed | Conflict]:
    """Merge the lines of a conflict again by sentences, and return whole lines."""
    texts = (region.base, region.mine, region.theirs)
    rows, is_open = ([], [], []), False
    for piece in regions(*map(sentences, texts), gone):
        if isinstance(piece, Conflict):
            rows[0].extend(piece.base), rows[1].extend(piece.mine), rows[2].extend(piece.theirs)
            is_open = True
            continue
        for token in piece.lines:
            rows[0].append(token), rows[1].append(token), rows[2].append(token)
            if token == LINE_END:
                yield whole_lines(rows, is_open)
                rows, is_open = ([], [], []), False
    yield whole_lines(rows, is_open)


def whole_lines(rows: Sequence[list[str]], is_conflict: bool) -> Agreed | Conflict:
    """Return the piece made of the sentences of base, mine and theirs: `sentences` the other way round."""
    texts = ["".join(tokens).removesuffix(LINE_END).split(LINE_END) if tokens else [] for tokens in rows]
    lines = [tuple(line[1:] for line in text) for text in texts]
    return Conflict(*lines) if is_conflict else Agreed(lines[1])


def trimmed(piece: Agreed | Conflict) -> list[Agreed | Conflict]:
    """Return a conflict between the lines that both sides have at its top and at its bottom."""
    if isinstance(piece, Agreed) or piece.mine == piece.theirs:
        return [Agreed(piece.lines if isinstance(piece, Agreed) else piece.mine)]
    top, bottom = common_ends(piece.mine, piece.theirs)
    ends = zip((top, bottom), common_ends(piece.base, piece.mine), strict=True)
    before, after = (min(both, old) for both, old in ends)
    mine, theirs = (lines[top : len(lines) - bottom] for lines in (piece.mine, piece.theirs))
    conflict = Conflict(piece.base[before : len(piece.base) - after], mine, theirs)
    return [Agreed(piece.mine[:top]), conflict, Agreed(piece.mine[len(piece.mine) - bottom :])]


def both_in_one(conflict: Conflict) -> str:
    """Return two versions of one line as one, with the sentences that they share once, theirs before mine; nothing of
    lines that share no sentence at one of their ends."""
    if len(conflict.mine) != 1 or len(conflict.theirs) != 1:
        return ""
    mine, theirs = sentences(conflict.mine), sentences(conflict.theirs)
    top, bottom = common_ends(theirs, mine)
    if all(map(WORDLESS.fullmatch, [*mine[:top], *mine[len(mine) - bottom :]])):
        return ""
    return "".join(theirs[: len(theirs) - bottom] + mine[top:]).removesuffix(LINE_END)[1:]


def joined(pieces) -> Iterator[Agreed | Conflict]:
    """Return the pieces with neighbouring agreed lines in one, and none empty."""
    for kind, group in groupby(pieces, key=type):
        if kind is Conflict:
            yield from group
        elif lines := tuple(chain.from_iterable(piece.lines for piece in group)):
            yield Agreed(lines)
