"""Demo data: made-up neighbourhoods in real communes, loaded by the importer, and about forty pages written."""

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select

from app.extensions import db
from app.labels import Precision
from app.markup import render
from app.models.council import Council, CouncilLink, CouncilPicture
from app.models.neighbourhood import Neighbourhood
from app.models.types import utcnow
from app.services import contents, demo_pictures, demo_texts, reference
from app.services.councils import DEMO
from app.services.reference.records import Authority, Kind, NeighbourhoodRecord, Source, TerritoryRecord
from app.text import slug

DATA = Path(__file__).parents[1] / "data" / "demo"
SEED = 2024
# Nombre de QPV 2014 par département, ANCT, Licence Ouverte 2.0.
NUMBERS = {
    "01": 9, "02": 17, "03": 6, "04": 3, "05": 1, "06": 16, "07": 5, "08": 8, "09": 3, "10": 10, "11": 10, "12": 2,
    "13": 65, "14": 9, "15": 1, "16": 6, "17": 7, "18": 4, "19": 3, "21": 6, "22": 7, "23": 1, "24": 5, "25": 13,
    "26": 12, "27": 11, "28": 10, "29": 9, "2A": 3, "2B": 2, "30": 18, "31": 19, "32": 1, "33": 23, "34": 22, "35": 7,
    "36": 4, "37": 12, "38": 26, "39": 4, "40": 5, "41": 3, "42": 19, "43": 2, "44": 19, "45": 19, "46": 1, "47": 7,
    "49": 13, "50": 7, "51": 12, "52": 4, "53": 3, "54": 18, "55": 3, "56": 9, "57": 24, "58": 5, "59": 91, "60": 18,
    "61": 7, "62": 64, "63": 7, "64": 4, "65": 4, "66": 10, "67": 21, "68": 10, "69": 43, "70": 5, "71": 13, "72": 7,
    "73": 4, "74": 6, "75": 20, "76": 28, "77": 24, "78": 22, "79": 5, "80": 9, "81": 11, "82": 4, "83": 21, "84": 22,
    "85": 4, "86": 6, "87": 9, "88": 6, "89": 7, "90": 5, "91": 39, "92": 21, "93": 63, "94": 42, "95": 41, "971": 16,
    "972": 7, "973": 32, "974": 49, "976": 36, "978": 2, "987": 76,
}  # fmt: skip
WRITTEN = {"01": 3, "59": 4, "93": 4, "974": 3} | dict.fromkeys(
    ("06", "13", "2A", "31", "33", "34", "35", "38", "42", "44", "45", "51", "54", "57", "62", "63", "67", "69", "72",
     "75", "76", "80", "86", "94", "971", "976"), 1
)  # fmt: skip
LEAST_POPULATION = 5000
# Numbers that ARCEP keeps for fiction, by region code; elsewhere a mobile one.
PHONES = {"01 99 00": ("11",), "02 61 91": ("24", "28", "52", "53"), "03 53 01": ("27", "32", "44"),
          "04 65 71": ("84", "93", "94"), "05 36 49": ("75", "76"), "06 39 98": ()}  # fmt: skip


@dataclass(frozen=True)
class Page:
    """What a demo council writes: columns of the council, its links (label, address) and its drawing."""

    columns: dict
    links: list[tuple[str, str]]
    picture: demo_pictures.Picture


@dataclass(frozen=True)
class Draft:
    """The demo made up and drawn, ready to be written: records for the importer, and pages by neighbourhood code."""

    sources: list[Source]
    pages: dict[str, Page]


def has_room() -> bool:
    """Tell whether the directory has no council and no neighbourhood: the demo is never mixed with others."""
    rows = (db.session.scalar(select(model.id).limit(1)) for model in (Council, Neighbourhood))
    return all(row is None for row in rows)


def prepare() -> Draft:
    """Make up the demo and draw its pictures, which takes seconds; nothing is written."""
    sources = reference.read_paths([DATA], reference.Report([].append))
    of_communes = (source for source in sources if source.kind is Kind.COMMUNE)
    communes = {record.code: record for source in of_communes for _, record in source.records}
    made_up = make_neighbourhoods(list(communes.values()))
    pages = {record.code: _page(record, communes[record.communes[0]]) for record in _written(made_up)}
    records = list(enumerate(made_up, start=1))
    sources.append(Source("démonstration", "quartiers inventés", Kind.NEIGHBOURHOOD, Authority.LEADS, records=records))
    return Draft(sources, pages)


def load(draft: Draft) -> int:
    """Write the demo and return its number of councils, or 0 when it has no room: nothing is done then."""
    if not has_room():
        return 0
    reference.write(draft.sources, reference.Report([].append), is_demo=True)
    _write_pages(draft.pages)
    return sum(len(source.records) for source in draft.sources if source.kind is Kind.NEIGHBOURHOOD)


def make_neighbourhoods(communes: list[TerritoryRecord]) -> list[NeighbourhoodRecord]:
    """Return as many made-up neighbourhoods in each department as it really has, in its larger communes.

    Their codes, such as DM001001, are never those of real ones. Always the same for the same communes.
    """
    random = Random(SEED)  # noqa: S311 - the same demo everywhere
    by_department = defaultdict(list)
    for commune in communes:
        by_department[commune.department].append(commune)
    return [
        record
        for department, number in NUMBERS.items()
        for record in _in_department(department, number, by_department[department], random)
    ]


def _in_department(department, number, communes, random):
    communes = sorted(communes, key=lambda commune: (-(commune.population or 0), commune.code))
    large = [commune for commune in communes if (commune.population or 0) >= LEAST_POPULATION] or communes[:3]
    chosen = random.choices(large, [commune.population or 1 for commune in large], k=number)
    pool = demo_texts.NEIGHBOURHOODS
    names = {commune.code: random.sample(pool, len(pool)) for commune in large}
    for index, commune in enumerate(chosen, start=1):
        latitude, longitude = _nearby(commune, random)
        is_vague = random.random() < 0.04
        yield NeighbourhoodRecord(
            f"{DEMO}{department:0>3}{index:03}", names[commune.code].pop(), (commune.code,),
            population=random.randrange(1000, 7000, 10),
            latitude=None if is_vague else latitude, longitude=None if is_vague else longitude,
            precision=Precision.UNKNOWN if is_vague else Precision.EXACT,
        )  # fmt: skip


def _nearby(commune, random):
    """Return a place 0.4 to 2.5 km from the centre of a commune."""
    distance, bearing = random.uniform(0.4, 2.5), random.uniform(0, 2 * math.pi)
    north, east = distance * math.cos(bearing) / 111.2, distance * math.sin(bearing) / 111.2
    squeeze = math.cos(math.radians(commune.latitude))
    return round(commune.latitude + north, 5), round(commune.longitude + east / squeeze, 5)


def _written(records):
    """Return the neighbourhoods whose council writes its page: the first ones of some departments."""
    left = dict(WRITTEN)
    for record in records:
        if left.get(record.department):
            left[record.department] -= 1
            yield record


def _page(record, commune):
    random = Random(f"{SEED} {record.code}")  # noqa: S311 - the same demo everywhere
    host = slug(f"{record.name} {commune.name}")
    street = f"{random.randint(1, 60)} {random.choice(demo_texts.STREETS)}"
    description = demo_texts.describe(record.name, commune.name, random)
    picture = demo_pictures.draw(random)
    links = random.sample(demo_texts.LINKS, random.randint(1, 2))
    columns = {
        "description": description,
        "description_html": render(description),
        "email": f"{host[:40].strip('-')}@demo.example",
        "phone": _phone(commune.region, random),
        "address": f"{random.choice(demo_texts.PLACES)}, {street}, {commune.postal_codes[0]} {commune.name}",
        "meetings": random.choice(demo_texts.MEETINGS),
        "edited_at": (utcnow() - timedelta(days=random.randint(1, 150))).replace(hour=random.randint(8, 19)),
    }
    addresses = [(label, f"https://{host}.demo.example/{path}") for label, path in links]
    return Page(columns, addresses, picture)


def _phone(region, random):
    prefix = next((prefix for prefix, regions in PHONES.items() if region in regions), "06 39 98")
    return f"{prefix} {random.randint(0, 99):02} {random.randint(0, 99):02}"


def _write_pages(pages):
    query = select(Neighbourhood.code, Council).join(Council, Council.id == Neighbourhood.council_id)
    for code, council in db.session.execute(query.where(Neighbourhood.code.in_(pages))):
        page = pages[code]
        for name, value in page.columns.items():
            setattr(council, name, value)
        council.links = [CouncilLink(label=label, url=url, position=i) for i, (label, url) in enumerate(page.links)]
        file = contents.keep(
            page.picture.content, name=f"dessin-{code.lower()}.webp", media_type="image/webp",
            width=demo_pictures.WIDTH, height=demo_pictures.HEIGHT,
        )  # fmt: skip
        council.pictures = [CouncilPicture(file=file, alternative=page.picture.alternative)]
    db.session.flush()
