"""Councils that somebody names in a text, one by line: by name, by commune, or by the address of their page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.services.directory import Directory, Entry, directory
from app.services.finding import search
from app.text import fold

PAGE = re.compile(r"(?:^|/)conseils/([a-z0-9-]+)")
MOST_LINES = 100  # each takes its time
MOST_MEANT, MOST_IN_COMMUNE = 12, 60  # a longer list is read by nobody


@dataclass
class Named:
    """What the lines of a text mean. `found`: one council each; `meant`: councils to choose from, for the lines
    `unclear`, not all of them for those that are `cut`; nothing answers to the lines `unknown`."""

    found: list[Entry] = field(default_factory=list)
    meant: list[Entry] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def wording(entry: Entry) -> str:
    """Return a council as people recognise it, and as `named` reads it again."""
    return f"{entry.name} ({entry.where})"


def entries(ids: Iterable[int]) -> list[Entry]:
    """Return the councils with these ids, by name; ids of none are left out."""
    wanted = set(ids)
    return [entry for entry in directory().councils if entry.id in wanted]


def named(text: str) -> Named:
    """Return which councils the lines of a text mean; lines beyond `MOST_LINES` are unknown."""
    lines = list(dict.fromkeys(filter(None, (line.strip() for line in text.split("\n")))))
    said, places = Named(unknown=lines[MOST_LINES:]), directory()
    for line in lines[:MOST_LINES]:
        one, several, most = _read(places, line)
        if one:
            said.found.append(one)
        elif several:
            said.meant += several[:most]
            said.unclear.append(line)
            said.cut += [line] * (len(several) > most)
        else:
            said.unknown.append(line)
    return said


def _read(places: Directory, line: str):
    """Return the council that a line names, or else those that it may mean, and how many of these to show."""
    if page := PAGE.search(line):
        return next((entry for entry in places.councils if entry.slug == page[1]), None), [], 0
    plain = fold(line)
    exact = [entry for entry in places.councils if plain and plain in (fold(entry.name), fold(wording(entry)))]
    if len(exact) == 1:
        return exact[0], [], 0
    found = search(places, line) if plain and not exact else None
    likely = exact or (found.councils if found else [])
    is_sure = len(likely) == 1 and not exact and not (found.is_close or found.ignored)
    return likely[0] if is_sure else None, likely, MOST_IN_COMMUNE if found and found.communes else MOST_MEANT
