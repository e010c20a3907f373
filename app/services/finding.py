"""Finding a council by what people type: a name, a commune, a postal code, with the department or a slip."""

import re
from dataclasses import dataclass, field, replace

from app.labels import TerritoryKind
from app.services.cities import ARRONDISSEMENTS, ORDINAL
from app.services.directory import ALIASES, NAME, NEAREST, Directory, Entry, Place
from app.services.words import EXACT, essence, meaningful
from app.text import fold

MAX_WORDS = 8
ARRONDISSEMENT = re.compile(ORDINAL)
LIKELY = 0.8  # a share of the best score: less is not worth showing when words were left out


@dataclass(frozen=True)
class Found:
    """The answer to a search.

    `communes` are those of exactly this name that have councils. `place` is the commune that is meant when it has
    none: `near` holds the closest councils with their kilometres, `others` the communes that may be meant too, by
    name or, with `is_code`, by postal code. `areas` are departments and regions. `is_close`: names that differ by a
    slip. `ignored`: words left out because nothing answers to all; `arrondissement`: the number left out.
    """

    councils: list[Entry] = field(default_factory=list)
    communes: list[Place] = field(default_factory=list)
    place: Place | None = None
    near: list[tuple[float, Entry]] = field(default_factory=list)
    others: list[Place] = field(default_factory=list)
    areas: list[Place] = field(default_factory=list)
    is_code: bool = False
    is_close: bool = False
    ignored: tuple[str, ...] = ()
    arrondissement: str = ""


@dataclass(frozen=True)
class Query:
    """What was typed: its words, and the number of a department or of an arrondissement that stood among them."""

    words: tuple[str, ...]
    department: str = ""
    arrondissement: str = ""

    @property
    def name(self) -> str:
        return " ".join(self.words)


def search(directory: Directory, text: str) -> Found | None:
    """Find councils by name, neighbourhood, commune, department, postal or official code.

    Where no council is, the nearest ones to the commune that is meant. None when the text holds no word of its own
    (« conseil citoyen »): whoever types that wants them all.
    """
    query = _read(directory, fold(text)[:100])
    if query is None:
        return None
    areas = _areas(directory, query)
    exact = _exact(directory, query)
    if any(place.code in directory.by_commune for place in exact):
        return _in_communes(directory, query, exact, areas)
    scores = _of_department(directory, directory.words.search(list(query.words)), query)
    if scores or exact or areas:
        return _with_place(directory, query, _ranked(directory, scores), exact, areas)
    return _close(directory, query)


def _read(directory, folded):
    """Take a typed text apart. « st denis 93 » is in a department, « lyon 3e » in an arrondissement."""
    words = (meaningful(folded) or folded.split() * (folded in directory.named))[:MAX_WORDS]
    if not words:
        return None
    if all(word.isdigit() for word in words) and len("".join(words)) in (4, 5):
        return Query(("".join(words).zfill(5),))  # « 13 000 »; a spreadsheet lost the first 0 of « 1000 »
    for position, word in enumerate(words[1:], 1):
        rest = [other for other in (*words[:position], *words[position + 1 :]) if not other.startswith("arr")]
        city = next((c for c in directory.named.get(" ".join(rest), []) if c.code in ARRONDISSEMENTS), None)
        number = ARRONDISSEMENT.fullmatch(word)
        if city and number and 0 < int(number[1]) <= ARRONDISSEMENTS[city.code]:
            return Query(tuple(rest), arrondissement=number[1])
        if word.upper() in directory.departments:
            return Query(tuple(rest), department=word.upper())
    return Query(tuple(words))


def _areas(directory, query):
    """Return the departments and regions of this name or number; the department of a postal code of no commune."""
    named = [
        place
        for place in (*directory.departments.values(), *directory.regions.values())
        if query.name in (essence(place.name), fold(ALIASES.get(place.code, "")), _number(place))
    ]
    known = query.name in directory.postal or query.name in directory.communes
    if not named and not known and re.fullmatch(r"\d{5}", query.name):
        code = query.name[: 3 if query.name.startswith(("97", "98")) else 2]
        named = [directory.departments[code]] if code in directory.departments else []
    return named


def _number(place):
    return place.code.lower() if place.kind == TerritoryKind.DEPARTMENT else None


def _exact(directory, query):
    """Return the communes of exactly this name or postal code, the largest first."""
    codes = (directory.postal.get(word) or directory.communes.get(word.upper()) for word in query.words)
    found = next(filter(None, codes), None) or directory.named.get(query.name, [])
    found = [found] if isinstance(found, Place) else found
    if query.department:
        found = [place for place in found if place.department == query.department]
    return sorted(found, key=lambda place: -place.population)


def _in_communes(directory, query, communes, areas):
    """Answer with the councils of these communes, then those elsewhere whose own name has these very words."""
    here = [place for place in communes if place.code in directory.by_commune]
    without = [place for place in communes if place not in here]
    scores = _of_department(directory, directory.words.search(list(query.words)), query)
    if len(query.words) > 1 and _is_code(directory, query) and scores:
        return Found(_ranked(directory, scores), here, areas=areas)  # a name beside its postal code
    own = {row: score for row, score in scores.items() if score >= NAME * EXACT * len(query.words)}
    councils = {entry.id: entry for place in here for entry in directory.by_commune[place.code]}
    councils |= {entry.id: entry for entry in _ranked(directory, own) if entry.id not in councils}
    return Found(
        list(councils.values()), here, without[0] if without else None, [], without[1:], areas,
        is_code=_is_code(directory, query), arrondissement=query.arrondissement,
    )  # fmt: skip


def _is_code(directory, query):
    return any(word in directory.postal for word in query.words)


def _with_place(directory, query, councils, communes, areas):
    """Answer with what answers to every word, and the commune of this name, which has no council."""
    place = communes[0] if communes else None
    near = directory.near(place) if place and not councils and not areas else []
    return Found(councils, [], place, near, communes[1:], areas, is_code=_is_code(directory, query))


def _close(directory, query):
    """Answer with names that differ by a slip, of councils or of communes; at last, leave words out."""
    words = list(query.words)
    scores = _of_department(directory, directory.words.search(words, slips=True), query)
    if scores:
        return Found(_ranked(directory, scores), is_close=True)
    if communes := _near_communes(directory, query):
        meant = [place for place in communes if place.code not in directory.by_commune]
        if meant:
            return Found([], [], meant[0], directory.near(meant[0]), meant[1:], is_close=True)
    return _leaving_out(directory, query)


def _near_communes(directory, query):
    words = list(query.words)
    scores = directory.commune_words.search(words) or directory.commune_words.search(words, slips=True)
    best = max(scores.values(), default=0)
    likely = [directory.places[row] for row, score in scores.items() if score >= best * LIKELY]
    if query.department:
        likely = [place for place in likely if place.department == query.department]
    return sorted(likely, key=lambda place: -place.population)[:NEAREST]


def _leaving_out(directory, query):
    """Answer for the commune that stands among the words, or to as many words as some council answers to."""
    words = query.words
    if len(words) == 1:
        return Found()
    runs = [words[i : i + size] for size in range(len(words) - 1, 0, -1) for i in range(len(words) - size + 1)]
    for run in runs:
        communes = _exact(directory, Query(run, query.department))
        if any(place.code in directory.by_commune for place in communes):
            left_out = tuple(word for word in words if word not in run)
            return replace(_in_communes(directory, Query(run, query.department), communes, []), ignored=left_out)
    scores = {word: _of_department(directory, directory.words.look_up(word), query) for word in query.words}
    hits = [row for found in scores.values() for row in found]
    most = max((hits.count(row) for row in set(hits)), default=0)
    totals = {row: sum(f.get(row, 0) for f in scores.values()) for row in set(hits) if hits.count(row) == most}
    best = max(totals.values(), default=0)
    likely = {row: total for row, total in totals.items() if total >= best * LIKELY}
    ignored = tuple(word for word, found in scores.items() if not likely.keys() & found.keys())
    return Found(_ranked(directory, likely), ignored=ignored)


def _of_department(directory, scores, query):
    """Keep the rows of the department that was named, if one was."""
    if not query.department:
        return scores
    rows = {entry.id for entry in directory.by_department.get(query.department, [])}
    return {row: score for row, score in scores.items() if directory.councils[row].id in rows}


def _ranked(directory, scores):
    return [directory.councils[row] for row in sorted(scores, key=lambda row: (-scores[row], row))]
