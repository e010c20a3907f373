"""Texts cut into lines and sentences and laid beside each other: what is common to two of them, and to three."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from merge3 import Merge3
from rapidfuzz.distance import Indel

LINE_END = "\n"
BETWEEN_SENTENCES = re.compile(r"(?<=[.!?…؟])(?=\s)")
MARKER = re.compile(r"\s+(?:[-*+>]|#{1,6}|\d+[.)])(?=\s)")  # of a list item, a quotation or a heading
WORDLESS = re.compile(r"\s*(?:(?:[-*+>]|#{1,6}|\d+[.)])\s*)?")  # stands everywhere: says nothing of a place
MOST_PAIRS = 10**8  # of lines or sentences to compare: about 50 ms and 25 MB; ten times what an honest text needs


def sentences(lines: Sequence[str]) -> list[str]:
    """Return the sentences of `lines`, each with the blanks before it, the markers of lists and the line ends.

    The first one of a line gets a blank too, so that a sentence is the same wherever it stands.
    """
    tokens = []
    for line in lines:
        marker = MARKER.match(f" {line}")
        rest = f" {line}"[marker.end() if marker else 0 :] if line else ""
        tokens += [marker[0]] if marker else []
        tokens += [*filter(None, BETWEEN_SENTENCES.split(rest)), LINE_END]
    return tokens


def common_ends(first: Sequence[str], second: Sequence[str]) -> tuple[int, int]:
    """Return how many tokens two sequences share at their top and, besides, at their bottom."""
    most = min(len(first), len(second))
    top = next((i for i in range(most) if first[i] != second[i]), most)
    return top, next((i for i in range(most - top) if first[-1 - i] != second[-1 - i]), most - top)


class Alignment:
    """What two sequences have in common, in the form that merge3 asks for; difflib takes minutes on whole texts."""

    def __init__(self, isjunk, a: Sequence[str], b: Sequence[str]):
        """Align `a` and `b`; merge3 also names what to ignore: nothing."""
        self.a, self.b = a, b

    def get_matching_blocks(self) -> list[tuple[int, int, int]]:
        """Return (place in a, place in b, length) of each run that both hold, and an empty one at the end.

        Between sentences of more or fewer lines than before, line ends and markers alone hold nothing together.
        """
        end, (top, bottom) = (len(self.a), len(self.b), 0), common_ends(self.a, self.b)
        if (end[0] - top - bottom) * (end[1] - top - bottom) > MOST_PAIRS:
            return [(0, 0, top), (end[0] - bottom, end[1] - bottom, bottom), end]
        equal = [op for op in Indel.opcodes(self.a, self.b) if op.tag == "equal"]
        if self.a.count(LINE_END) != self.b.count(LINE_END):
            equal = [op for op in equal if not all(map(WORDLESS.fullmatch, self.a[op.src_start : op.src_end]))]
        return [*((op.src_start, op.dest_start, op.src_end - op.src_start) for op in equal), end]


class Edit(NamedTuple):
    """What one side put (`new`, from `at` to `upto` of its text) in place of `start` to `end` of the base."""

    start: int
    end: int
    at: int
    upto: int
    new: set[str]


class Merge3BesideEachOther(Merge3):
    """A merge in which edits that touch without overlapping are both taken; merge3 alone makes conflicts of them."""

    def find_sync_regions(self) -> list[tuple[int, ...]]:
        """Return the runs common to all three, and an empty one wherever two edits touch."""
        mine, theirs = self.edits(self.a), self.edits(self.b)
        starts, ends = {edit.start: edit for edit in theirs}, {edit.end: edit for edit in theirs}
        points = []
        for edit in mine:
            if (after := starts.get(edit.end)) and self.may_touch(edit, after):
                points.append((edit.end, edit.end, edit.upto, edit.upto, after.at, after.at))
            if (before := ends.get(edit.start)) and self.may_touch(before, edit):
                points.append((edit.start, edit.start, edit.at, edit.at, before.upto, before.upto))
        return sorted(super().find_sync_regions() + points)

    def edits(self, side: Sequence[str]) -> list[Edit]:
        """Return what `side` changed in the base, from top to bottom."""
        found, start, at = [], 0, 0
        for end, upto, length in self.sequence_matcher(None, self.base, side).get_matching_blocks():
            if end > start or upto > at:
                new = {token for token in side[at:upto] if not WORDLESS.fullmatch(token)}
                found.append(Edit(start, end, at, upto, new))
            start, at = end + length, upto + length
        return found

    def may_touch(self, first: Edit, second: Edit) -> bool:
        """Whether the order of two edits that touch is beyond doubt, and they did not bring the same words.

        Where something was added beside a change that brought more than it took, that more may be an addition too.
        """
        additions = [edit for edit in (first, second) if edit.start == edit.end]
        if not additions or first.new & second.new:
            return not first.new & second.new
        change = second if additions == [first] else first
        is_longer = change.upto - change.at > change.end - change.start
        return not is_longer and LINE_END not in self.base[change.start : change.end]
