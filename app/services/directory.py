"""The directory of councils as visitors ask for it: lists, search by words, the nearest ones.

All that a list says of a council is kept in memory, in each process, and made again when the directory's stamp has
changed: a search then costs no query but the stamp's, however many councils there are.
"""

from collections import defaultdict
from dataclasses import dataclass
from heapq import nsmallest
from math import cos, hypot, radians
from threading import Lock

from flask import current_app
from sqlalchemy import select

from app.extensions import db
from app.geo import distance_km
from app.models import Council, Neighbourhood, PostalCode, Territory, TerritoryKind, council_territories
from app.models.stamp import DIRECTORY, read_stamp
from app.services.words import Words, essence
from app.text import fold

NEAREST = 10
ALIASES = {"987": "Tahiti"}  # what people call a department, where it is not its name
NAME, COMMUNE, DEPARTMENT = 4.0, 3.0, 1.0  # how much a word found in each of these says


@dataclass(frozen=True, slots=True)
class Place:
    """A territory, as lists and links need it. `department` is a code; `population` is 0 when not known."""

    kind: str
    code: str
    name: str
    department: str = ""
    region: str = ""
    latitude: float | None = None
    longitude: float | None = None
    population: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A council, as lists and maps need it."""

    id: int
    slug: str
    name: str
    latitude: float | None
    longitude: float | None
    precision: str
    is_demo: bool
    communes: tuple[Place, ...]
    departments: tuple[Place, ...]

    @property
    def where(self) -> str:
        """Communes and departments in words: « Bellignat et Oyonnax, Ain »."""
        communes = " et ".join(", ".join(place.name for place in self.communes).rsplit(", ", 1))
        departments = ", ".join(place.name for place in self.departments)
        return f"{communes}, {departments}" if communes != departments else communes


def directory() -> "Directory":
    """Return the directory at its present version, made again by the first who asks after a change."""
    version = read_stamp(DIRECTORY)
    present = current_app.extensions.get("directory")
    if present is None or present.version != version:
        with _making:
            present = current_app.extensions.get("directory")
            if present is None or present.version != version:
                present = current_app.extensions["directory"] = Directory(version)
    return present


_making = Lock()


class Directory:
    """All councils and places at one version of the directory."""

    def __init__(self, version: int):
        self.version = version
        places = _read_places()
        self.regions, self.departments, self.communes = (
            {place.code: place for place in places.values() if place.kind == kind}
            for kind in (TerritoryKind.REGION, TerritoryKind.DEPARTMENT, TerritoryKind.COMMUNE)
        )
        self.regions = dict(sorted(self.regions.items(), key=lambda item: fold(item[1].name)))
        self.councils = _read_entries(places)
        self.is_demo = any(entry.is_demo for entry in self.councils)
        self.by_department: dict[str, list[Entry]] = defaultdict(list)
        self.by_region: dict[str, list[Entry]] = defaultdict(list)
        self.by_commune: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.councils:
            for commune in entry.communes:
                self.by_commune[commune.code].append(entry)
            for department in entry.departments:
                self.by_department[department.code].append(entry)
            for region in {department.region: None for department in entry.departments}:
                self.by_region[region].append(entry)
        self.by_department, self.by_region, self.by_commune = map(
            dict, (self.by_department, self.by_region, self.by_commune)
        )
        self._index(places)

    def departments_of(self, region: str) -> list[Place]:
        """Return the departments of a region (code), by code."""
        return [place for place in self.departments.values() if place.region == region]

    def _index(self, places):
        """Make what `finding` looks into: words → rows of `councils`, words → rows of `places`, codes, names."""
        self.words, self.commune_words = Words(), Words()
        self.postal = defaultdict(list)
        postal_of = defaultdict(list)
        for code, commune_id in db.session.execute(select(PostalCode.code, PostalCode.commune_id)):
            if commune_id in places:  # an import may end between two of these queries
                self.postal[code].append(places[commune_id])
                postal_of[places[commune_id].code].append(code)
        names = defaultdict(list)
        for council_id, *texts in db.session.execute(
            select(Neighbourhood.council_id, Neighbourhood.name, Neighbourhood.code).where(Neighbourhood.council_id > 0)
        ):
            names[council_id] += texts
        for row, entry in enumerate(self.councils):
            for text in (entry.name, *names[entry.id]):
                self.words.add(text, row, NAME)
            for commune in entry.communes:
                for text in (commune.name, commune.code, *postal_of[commune.code]):
                    self.words.add(text, row, COMMUNE)
            for department in entry.departments:
                for text in (department.name, ALIASES.get(department.code, "")):
                    self.words.add(text, row, DEPARTMENT)
        self.places = list(self.communes.values())  # the rows of `commune_words`
        self.named = defaultdict(list)
        for row, commune in enumerate(self.places):
            for text in (commune.name, commune.code):
                self.commune_words.add(text, row, COMMUNE)
            self.named[essence(commune.name)].append(commune)
        self.words.seal()
        self.commune_words.seal()

    def near(self, place: Place) -> list[tuple[float, Entry]]:
        """Return the councils nearest to a place, with their distances in kilometres."""
        if place.latitude is None:
            return []
        return self.nearest(place.latitude, place.longitude)

    def nearest(self, latitude: float, longitude: float, but: int = 0) -> list[tuple[float, Entry]]:
        """Return the councils nearest to a point in degrees, except the one whose id is `but`."""
        squeeze = cos(radians(latitude))  # a flat measure sorts well enough; the true distance is told
        close = nsmallest(
            NEAREST,
            (entry for entry in self.councils if entry.latitude is not None and entry.id != but),
            key=lambda entry: hypot(entry.latitude - latitude, (entry.longitude - longitude) * squeeze),
        )
        here = (latitude, longitude)
        return sorted(((distance_km(here, (e.latitude, e.longitude)), e) for e in close), key=lambda pair: pair[0])


def _read_places() -> dict[int, Place]:
    rows = db.session.execute(
        select(
            Territory.id, Territory.kind, Territory.code, Territory.name, Territory.department_id,
            Territory.region_id, Territory.latitude, Territory.longitude, Territory.population,
        ).where(Territory.kind != TerritoryKind.EPCI).order_by(Territory.code)
    ).all()  # fmt: skip
    codes = {row.id: row.code for row in rows}
    return {
        row.id: Place(
            row.kind, row.code, row.name, codes.get(row.department_id, ""), codes.get(row.region_id, ""),
            row.latitude, row.longitude, row.population or 0,
        )
        for row in rows
    }  # fmt: skip


def _read_entries(places: dict[int, Place]) -> list[Entry]:
    """Return all councils, by name."""
    belongs = defaultdict(lambda: defaultdict(list))
    for council_id, territory_id in db.session.execute(select(council_territories)):
        if territory_id in places:
            belongs[council_id][places[territory_id].kind].append(places[territory_id])
    columns = (Council.id, Council.slug, Council.name, Council.latitude, Council.longitude, Council.precision)
    entries = [
        Entry(
            *row,
            tuple(sorted(belongs[row.id][TerritoryKind.COMMUNE], key=lambda place: fold(place.name))),
            tuple(belongs[row.id][TerritoryKind.DEPARTMENT]),
        )
        for row in db.session.execute(select(*columns, Council.is_demo))
    ]
    return sorted(entries, key=lambda entry: (fold(entry.name), entry.where, entry.id))
