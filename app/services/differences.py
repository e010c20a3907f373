"""What changed from one text to another, as people read it: by lines first, then by words inside those that changed.

Lines first, because a comparison of whole texts word by word takes minutes in the worst case.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz.distance import Indel

TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
# Words that are found again by chance in what was wholly rewritten would only break the two texts into pieces.
LEAST_ALIKE = 0.4
MOST_LINES = 2000  # of both texts together: those of more have lines of a few signs, and are one passage
MOST_COMPARED = 5 * 10**7  # words of the one × words of the other: they take a bit of memory each


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
    if len(old) + len(new) > MOST_LINES and old != new:
        return [_changed(old, new)]
    passages = []
    for tag, start, end, from_, to in Indel.opcodes(old, new).as_list() if old or new else ():
        if tag == "equal":
            passages += [Passage(((Tag.SAME, line),)) for line in old[start:end]]
        else:
            passages.append((old[start:end], new[from_:to]))
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
    if not old or not new or len(old) * len(new) > MOST_COMPARED or _likeness(old, new) < LEAST_ALIKE:
        return tuple(part for part in ((Tag.REMOVED, before), (Tag.ADDED, after)) if part[1])
    parts: list[Part] = []
    removed = added = ""
    for tag, start, end, from_, to in Indel.opcodes(old, new).as_list():
        text = "".join(old[start:end])
        if tag == "equal" and not (text.isspace() and (removed or added)):
            parts += _change(removed, added)
            removed = added = ""
            parts.append((Tag.SAME, text))
        else:  # a blank between two changed words is part of the change: it reads as one
            removed, added = removed + text, added + "".join(new[from_:to])
    return tuple(parts + _change(removed, added))


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


def _likeness(old, new):
    old, new = ([token for token in tokens if not token.isspace()] for tokens in (old, new))
    return Indel.normalized_similarity(old, new)


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
