"""What changed from one text to another, as people read it: by lines first, then by words inside those that changed.

Lines first, because a comparison of whole texts word by word takes minutes in the worst case. What is too long even so
is cut where both have the same lines, or words, that neither has twice.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz.distance import Indel

TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
# Words that are found again by chance in what was wholly rewritten would only break the two texts into pieces.
LEAST_ALIKE = 0.4
MOST_COMPARED = 6 * 10**7  # lines, or words, of the one × those of the other: they take a bit of memory each
ROW = 8  # lines, or words and blanks: enough not to be found twice by chance


class Tag(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


Part = tuple[Tag, str]


@dataclass(frozen=True)
class Passage:
    """Some lines of a comparison, in parts. `skipped`: how many lines that did not change are left out instead."""

    parts: tuple[Part, ...] = ()
    skipped: int = 0


def compare(before: str, after: str) -> list[Passage]:
    """Return both texts as one, each line or group of changed lines a passage; empty lines are not compared."""
    old, new = _lines(before), _lines(after)
    passages = []
    for removed, added in _aligned(old, new):
        if removed is added:
            passages += [Passage(((Tag.SAME, line),)) for line in removed]
        else:
            passages.append((removed, added))
    return [passage if isinstance(passage, Passage) else _changed(*passage) for passage in _joined(passages)]


def shorten(passages: Sequence[Passage], around: int = 1) -> list[Passage]:
    """Leave out the lines that did not change, but for those `around` a change."""
    changed = [number for number, passage in enumerate(passages) if _is_changed(passage)]
    near = {other for number in changed for other in range(number - around, number + around + 1)}
    kept: list[Passage] = []
    for number, passage in enumerate(passages):
        if number in near:
            kept.append(passage)
        elif kept and kept[-1].skipped:
            kept[-1] = Passage(skipped=kept[-1].skipped + 1)
        else:
            kept.append(Passage(skipped=1))
    return kept


def count_words(passages: Sequence[Passage]) -> tuple[int, int]:
    """Return how many words were added, and how many removed."""
    counts = {tag: 0 for tag in Tag}
    for passage in passages:
        for tag, text in passage.parts:
            counts[tag] += len(re.findall(r"\w+", text))
    return counts[Tag.ADDED], counts[Tag.REMOVED]


def words(before: str, after: str) -> tuple[Part, ...]:
    """Return two texts as one, word by word; wholly the one, then wholly the other, where they have little in common.

    What is removed comes before what is added in its place.
    """
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    pieces = list(_aligned(old, new))
    if _likeness(old, new, pieces) < LEAST_ALIKE:
        return tuple(part for part in ((Tag.REMOVED, before), (Tag.ADDED, after)) if part[1])
    parts: list[Part] = []
    removed = added = ""
    for gone, come in pieces:
        text = "".join(gone)
        if gone is come and not (text.isspace() and (removed or added)):
            parts += _change(removed, added)
            removed = added = ""
            parts.append((Tag.SAME, text))
        else:  # a blank between two changed words is part of the change: it reads as one
            removed, added = removed + text, added + "".join(come)
    return tuple(parts + _change(removed, added))


def _aligned(old: list[str], new: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Yield both lists side by side, piece by piece: what both have as the same list twice, the rest as two lists."""
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    end, to = len(old) - tail, len(new) - tail
    yield from _same(old[:head])
    yield from _aligned_middle(old[head:end], new[head:to])
    yield from _same(old[end:])


def _aligned_middle(old, new):
    if len(old) * len(new) <= MOST_COMPARED:
        yield from _compared(old, new)
        return
    start = from_ = 0
    for place, other in _anchors(old, new):
        if place < start or other < from_:
            continue  # what both share here goes on beyond it
        yield from _compared(old[start:place], new[from_:other])
        start, from_ = place, other
        while start < len(old) and from_ < len(new) and old[start] == new[from_]:
            start, from_ = start + 1, from_ + 1
        yield from _same(old[place:start])
    yield from _compared(old[start:], new[from_:])


def _compared(old, new):
    if len(old) * len(new) > MOST_COMPARED or not (old and new):
        yield from [(old, new)] if old or new else ()
        return
    for tag, start, end, from_, to in Indel.opcodes(old, new).as_list():
        yield from _same(old[start:end]) if tag == "equal" else [(old[start:end], new[from_:to])]


def _same(items):
    return [(items, items)] if items else []


def _shared(old, new):
    """Return how many items both lists begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((number for number, (one, other) in pairs if one != other), min(len(old), len(new)))


def _anchors(old, new):
    """Return where both lists go on with the same items, as neither does twice: the most that stand in one order."""
    places = _once(old)
    pairs = [(places[row], to) for row, to in _once(new).items() if row in places]
    # One of some that stand beside one another is enough.
    pairs = [(place, to) for place, to in pairs if place % ROW == 0 and old[place] == new[to]]
    ends, last = [], []  # of the best chain of each length: where it ends, and its last pair
    before = []  # of each pair: the one before it in its chain
    for number, (end, _) in enumerate(pairs):
        length = bisect_left(ends, end)
        before.append(last[length - 1] if length else None)
        ends[length : length + 1], last[length : length + 1] = [end], [number]
    chain, number = [], last[-1] if last else None
    while number is not None:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _once(items):
    """Return the place of each row of some items that occurs once, by its hash: the rows would take too much room."""
    rows = [hash(row) for row in zip(*(items[start:] for start in range(ROW)), strict=False)]
    counts = Counter(rows)
    return {row: number for number, row in enumerate(rows) if counts[row] == 1}


def _change(removed, added):
    """Return a change as parts, the blanks that both share outside of it."""
    head = _blank(re.match(r"\s*", removed)[0], re.match(r"\s*", added)[0])
    removed, added = removed[len(head) :], added[len(head) :]
    tail = _blank(removed[len(removed.rstrip()) :], added[len(added.rstrip()) :])
    cut = len(tail)
    removed, added = removed[: len(removed) - cut], added[: len(added) - cut]
    parts = ((Tag.SAME, head), (Tag.REMOVED, removed), (Tag.ADDED, added), (Tag.SAME, tail))
    return [part for part in parts if part[1]]


def _blank(one, other):
    return one if one == other else ""


def _likeness(old, new, pieces):
    """Return how much of both texts is in the pieces that they share, blanks aside: 0 to 1."""
    shared = sum(_words_of(gone) for gone, come in pieces if gone is come)
    return 2 * shared / max(1, _words_of(old) + _words_of(new))


def _words_of(tokens):
    return sum(not token.isspace() for token in tokens)


def _lines(text):
    return [line for line in text.split("\n") if line.strip()]


def _joined(passages):
    """Yield the passages, with changes that follow one another as one: some lines removed, others added."""
    pending = ([], [])
    for passage in passages:
        if isinstance(passage, Passage):
            if any(pending):
                yield pending
                pending = ([], [])
            yield passage
        else:
            pending = (pending[0] + passage[0], pending[1] + passage[1])
    if any(pending):
        yield pending


def _changed(old, new):
    return Passage(words("\n".join(old), "\n".join(new)))


def _is_changed(passage):
    return any(tag != Tag.SAME for tag, _ in passage.parts)
