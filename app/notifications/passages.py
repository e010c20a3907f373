"""What differs between two states of a long text, in plain words: for a mail, in which nothing is coloured."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rapidfuzz.distance import Indel

from app import differences, parts
from app.differences import Tag
from app.templating import plural, quoted

MOST = 10  # changes in a mail
LONGEST_CHANGE, LONGEST_PIECE, AROUND = 300, 150, 60  # characters
ALIKE = 0.6  # of one line and the one that it became
MOST_PAIRS, MOST_COMPARED = 400, 100_000  # lines × lines, characters: beyond, all is told as removed and added
MARKER = re.compile(r"^(?:#{1,6}|[-*+>]|\d+\.)\s+")
RULE = re.compile(r"[\s|:_=*-]+")  # under the head of a table, or between two parts of a text
EDGE = re.compile(r"(?<!\\)\|")  # of the cells of a table
LINKED = re.compile(r"\]\(([^()\s]+)")
WENT = "Des passages ont été retirés."
WORDS = {  # of some lines, of a part, of a heading alone
    Tag.REMOVED: ("retiré", "partie retirée", "titre retiré"),
    Tag.ADDED: ("ajouté", "nouvelle partie", "nouveau titre"),
}


@dataclass(frozen=True)
class Change:
    """What changed in one place: under which heading (empty: before the first one), and in words. `old` and `new`: the
    lines."""

    heading: str
    words: str
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


def changes(before: str, after: str) -> list[Change]:
    """Return what differs between two texts, from top to bottom; blanks do not count."""
    found, heading = [], ""
    for passage in differences.compare(before, after) if before != after else ():
        was, now = (_lines(passage, tag) for tag in (Tag.ADDED, Tag.REMOVED))
        for old, new in _paired(was, now) if was != now else [(was, now)]:
            if old != new and (words := _in_words(old, new)):
                found.append(Change(_title((new or old)[0]) or heading, words, tuple(old), tuple(new)))
            heading = next(filter(None, map(_title, reversed(new))), heading)
    return found


def said(changes: Sequence[Change]) -> Iterator[str]:
    """Yield a paragraph for each heading, and how many changes there is no room for."""
    for heading, ones in groupby(changes[:MOST], lambda change: change.heading):
        where = f"Dans {quoted(heading)} :" if heading else "Au début du texte :"
        yield "\n".join([where, *(change.words for change in ones)])
    if (others := len(changes) - MOST) > 0:
        yield f"… et {plural(others, 'autre changement', 'autres changements')}."


def come_in(changes: Sequence[Change], present: str) -> list[Change]:
    """Return of some changes what came in and still stands in the text `present`, in words that tell nothing else: for
    those who may read that text alone."""
    titles = {}
    for part in parts.split(present):
        for line in part.text.split("\n"):
            titles.setdefault(line, []).append(part.title)
    found = []
    for change in changes:
        new = [line for line in change.new if line in titles]
        if new and (words := _come_in(change.old, new)):
            known = titles[new[0]]
            found.append(Change(change.heading if change.heading in known else known[0], words))
    return found


def _lines(passage, other):
    """Return the lines of one of the two texts: what the other one alone has left out."""
    return "".join(text for tag, text in passage.parts if tag != other).split("\n")


def _title(line):
    return parts.split(line)[-1].title


# Which line became which ------------------------------------------------------------------------------------------


def _paired(was, now):
    """Yield (old lines, new lines): one that became another, or some that came or went, those of each part apart."""
    was, now = ([line for line in lines if line.strip()] for lines in (was, now))
    come, start = [], 0
    is_short = len(was) * len(now) <= MOST_PAIRS and sum(map(len, was + now)) <= MOST_COMPARED
    for line in now if is_short else ():
        found = next((n for n in range(start, len(was)) if _are_alike(was[n], line)), None)
        if found is None:
            come.append(line)
        else:
            yield from _by_part(was[start:found], come)
            yield [was[found]], [line]
            come, start = [], found + 1
    yield from _by_part(was[start:], come if is_short else now)


def _are_alike(one, other):
    is_short = len(one) + len(other) <= MOST_COMPARED
    return is_short and Indel.normalized_similarity(one, other, score_cutoff=ALIKE) > 0


def _by_part(old, new):
    gone, come = _cut_at_headings(old), _cut_at_headings(new)
    if len(gone) == len(come) == 1:
        yield old, new
    else:
        yield from ((lines, []) for lines in gone)
        yield from (([], lines) for lines in come)


def _cut_at_headings(lines):
    runs = []
    for line in lines:
        if not runs or _title(line):
            runs.append([])
        runs[-1].append(line)
    return runs


# In words ---------------------------------------------------------------------------------------------------------


def _in_words(old, new):
    """Say what some lines became; nothing when they differ in their blanks only, or in the rank of a heading."""
    if len(old) == len(new) == 1 and (title := _title(new[0])) and (former := _title(old[0])):
        return f"– nouveau titre, au lieu de {quoted(former)}" if title != former else ""
    if len(old) == len(new) == 1 and _are_alike(old[0], new[0]):
        pieces = _pieces(old[0], new[0])
        if all(tag == Tag.SAME for tag, _ in pieces):
            return _link_changed(old[0], new[0])
        if any(text.strip() for tag, text in pieces if tag == Tag.SAME):
            return f"– changé : {_in_context(pieces)}"
    said = (_wholly(tag, lines) for tag, lines in ((Tag.REMOVED, old), (Tag.ADDED, new)) if lines)
    return "\n".join(filter(None, said))


def _come_in(old, new):
    """Say what some lines have that those before them had not, and nothing of these."""
    if len(old) == len(new) == 1 and _title(new[0]) and _title(old[0]):
        return f"– {WORDS[Tag.ADDED][-1]}"
    if len(old) == len(new) == 1 and _are_alike(old[0], new[0]):
        pieces = [piece for piece in _pieces(old[0], new[0]) if piece[0] != Tag.REMOVED]
        if any(text.strip() for tag, text in pieces if tag == Tag.ADDED):
            return f"– changé : {_in_context(pieces, marked='{1}')}"
        return _link_changed(old[0], new[0])
    return _wholly(Tag.ADDED, new)


def _link_changed(old, new):
    """Say that the address of a link is another one, which nobody sees in the words."""
    return f"– lien changé : {_cut(_plain(new), LONGEST_CHANGE)}" if LINKED.findall(old) != LINKED.findall(new) else ""


def _pieces(old, new):
    return differences.words(_plain(old), _plain(new))


def _plain(line):
    """Return a line as people read it: without Markdown's signs, the cells of a table one after the other; nothing of
    one that is a rule."""
    line = line.strip()
    if RULE.fullmatch(line):
        return ""
    if line.startswith("|"):
        line = " ; ".join(filter(None, (cell.strip() for cell in EDGE.split(line))))
    return " ".join(parts.plain(MARKER.sub("", line)).split())


def _wholly(tag, lines):
    """Say what came or went as it stands; nothing of a rule alone."""
    is_part = bool(_title(lines[0]))
    text = ""
    for plain in filter(None, map(_plain, lines[1:] if is_part else lines)):
        between = " " if text[-1:] in ".!?:;" else " / "
        text += (between if text else "") + plain
    some, part, heading = WORDS[tag]
    if text:
        return f"– {part if is_part else some} : {_cut(text, LONGEST_CHANGE)}"
    return f"– {heading}" if is_part else ""


def _in_context(pieces, marked="[{} : {}]"):
    """Return a line with marks around what went out of it and what came in, and some words around these."""
    said, last = "", len(pieces) - 1
    for number, (tag, text) in enumerate(pieces):
        if tag == Tag.SAME:
            said += _around(text, is_first=number == 0, is_last=number == last)
        elif text.strip():
            gap = " " if text[0].isspace() or said.endswith("]") else ""
            mark = marked.format(WORDS[tag][0], _cut(text.strip(), LONGEST_PIECE))
            said += f"{gap}{mark}{' ' if text[-1].isspace() else ''}"
        if len(said) > LONGEST_CHANGE and number < last:
            return f"{' '.join(said.split())} …"
    return " ".join(said.split())


def _around(text, *, is_first, is_last):
    """Return the ends of what did not change, as far as they touch something that did."""
    head, tail = "" if is_first else text[:AROUND], "" if is_last else text[-AROUND:]
    if len(text) <= len(head) + len(tail):
        return text
    return f"{head.rpartition(' ')[0]} … {tail.partition(' ')[2]}"


def _cut(text, length):
    if len(text) <= length:
        return text
    return (text[:length].rpartition(" ")[0] or text[:length]).rstrip(" ,;:.") + "…"
