"""Councils opened, named and placed after their neighbourhoods."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update

from app.extensions import db
from app.labels import Precision
from app.models.council import Council, CouncilPicture, council_territories
from app.models.file import StoredFile
from app.models.neighbourhood import Neighbourhood, neighbourhood_communes, neighbourhood_successions
from app.models.publication import Publication
from app.models.stamp import DIRECTORY, PAGES, renew
from app.models.territory import Territory
from app.models.types import utcnow
from app.models.user import User
from app.services import bin, demo_articles, demo_discussions, demo_people, erasing
from app.text import slug

DEMO = "DM"  # the first letters of the codes of made-up neighbourhoods, which no real one has
COUNCILS, NEIGHBOURHOODS = Council.__table__, Neighbourhood.__table__
BEST_FIRST = (Precision.EXACT, Precision.UNCERTAIN, Precision.COMMUNE, Precision.UNKNOWN)


def every_id() -> set[int]:
    """Return the ids of all councils."""
    return set(db.session.scalars(select(COUNCILS.c.id)))


def open_for(generation: int, *, is_demo: bool = False) -> set[int]:
    """Open a council for each neighbourhood of `generation` that has none, and return their ids.

    The name is the neighbourhood's; the slug adds the first commune, and a number where that is taken. A neighbourhood
    of 2024 whose predecessors all have a council is left to `join_predecessors`.
    """
    join_predecessors()
    first_commune = and_(
        neighbourhood_communes.c.neighbourhood_id == NEIGHBOURHOODS.c.id, neighbourhood_communes.c.position == 0
    )
    found = db.session.execute(
        select(NEIGHBOURHOODS.c.id, NEIGHBOURHOODS.c.name, Territory.name.label("commune"))
        .select_from(NEIGHBOURHOODS)
        .outerjoin(neighbourhood_communes, first_commune)
        .outerjoin(Territory, Territory.id == neighbourhood_communes.c.commune_id)
        .where(NEIGHBOURHOODS.c.generation == generation, NEIGHBOURHOODS.c.council_id.is_(None))
        .order_by(NEIGHBOURHOODS.c.code)
    ).all()
    if not found:
        return set()
    taken = set(db.session.scalars(select(COUNCILS.c.slug)))
    slugs = {row.id: _free_slug(f"{row.name} {row.commune or ''}", taken) for row in found}
    now = utcnow()
    values = [{"slug": slugs[row.id], "name": row.name, "is_demo": is_demo, "created_at": now} for row in found]
    db.session.execute(insert(COUNCILS), values)
    ids = dict(db.session.execute(select(COUNCILS.c.slug, COUNCILS.c.id)).all())
    _link([{"row_id": row.id, "council": ids[slugs[row.id]]} for row in found])
    return {ids[own] for own in slugs.values()}


def _free_slug(text, taken):
    """Return the slug of a text, numbered from -2 when it is taken, and take it."""
    base = slug(text) or "conseil"
    candidate, number = base, 1
    while candidate in taken:
        number += 1
        candidate = f"{base}-{number}"
    taken.add(candidate)
    return candidate


def _link(pairs):
    if pairs:
        this = NEIGHBOURHOODS.c.id == bindparam("row_id")
        db.session.execute(update(NEIGHBOURHOODS).where(this).values(council_id=bindparam("council")), pairs)


def join_predecessors() -> None:
    """Give each neighbourhood without a council the one of its first predecessor, when all of these have one."""
    later = NEIGHBOURHOODS.alias()
    query = (
        select(later.c.id, NEIGHBOURHOODS.c.council_id)
        .select_from(neighbourhood_successions)
        .join(later, later.c.id == neighbourhood_successions.c.later_id)
        .join(NEIGHBOURHOODS, NEIGHBOURHOODS.c.id == neighbourhood_successions.c.earlier_id)
        .where(later.c.council_id.is_(None))
        .order_by(later.c.code, NEIGHBOURHOODS.c.code)
    )
    councils = defaultdict(list)
    for later_id, council_id in db.session.execute(query):
        councils[later_id].append(council_id)
    _link([{"row_id": later_id, "council": ids[0]} for later_id, ids in councils.items() if None not in ids])


def rename(former_names: dict[int, str]) -> set[int]:
    """Let the councils that still bear the former name of their first neighbourhood follow its new one.

    `former_names` are by neighbourhood id; returns the ids of the councils renamed. A council that named itself keeps
    its name, and no slug ever changes.
    """
    first: dict[int, tuple] = {}
    query = (
        select(NEIGHBOURHOODS.c.council_id, NEIGHBOURHOODS.c.id, NEIGHBOURHOODS.c.name, COUNCILS.c.name)
        .join(COUNCILS, COUNCILS.c.id == NEIGHBOURHOODS.c.council_id)
        .order_by(NEIGHBOURHOODS.c.generation, NEIGHBOURHOODS.c.code)
    )
    for council_id, *names in db.session.execute(query) if former_names else ():
        first.setdefault(council_id, tuple(names))
    rows = [
        {"row_id": council_id, "new": new}
        for council_id, (neighbourhood_id, new, present) in first.items()
        if former_names.get(neighbourhood_id) == present
    ]
    if rows:
        db.session.execute(
            update(COUNCILS).where(COUNCILS.c.id == bindparam("row_id")).values(name=bindparam("new")), rows
        )
    return {row["row_id"] for row in rows}


def place(council_ids: Collection[int]) -> set[int]:
    """Recompute territories and place of these councils from their neighbourhoods; return the ids of those that moved.

    The place is the middle of the neighbourhoods whose own place is known best, those of the oldest list among them.
    """
    wanted = set(council_ids)
    return _place_on_map(wanted) | _place_in_territories(wanted)


def _place_on_map(wanted):
    columns = NEIGHBOURHOODS.c
    known = defaultdict(list)
    query = select(columns.council_id, columns.precision, columns.generation, columns.latitude, columns.longitude)
    for council_id, precision, generation, *place in db.session.execute(query.where(columns.latitude.is_not(None))):
        known[council_id].append(((BEST_FIRST.index(precision), generation), *place))
    query = select(COUNCILS.c.id, COUNCILS.c.latitude, COUNCILS.c.longitude, COUNCILS.c.precision)
    before = {row[0]: tuple(row[1:]) for row in db.session.execute(query)}
    after = {council_id: _middle(known[council_id]) for council_id in wanted & before.keys()}
    moved = [council_id for council_id in sorted(after) if after[council_id] != before[council_id]]
    rows = [dict(zip(("row_id", "lat", "lon", "p"), (i, *after[i]), strict=True)) for i in moved]
    if rows:
        values = {"latitude": bindparam("lat"), "longitude": bindparam("lon"), "precision": bindparam("p")}
        db.session.execute(update(COUNCILS).where(COUNCILS.c.id == bindparam("row_id")).values(values), rows)
    return set(moved)


def _middle(places):
    if not places:
        return None, None, Precision.UNKNOWN
    best = min(rank for rank, _, _ in places)
    points = [place for rank, *place in places if rank == best]
    latitude, longitude = (round(sum(axis) / len(points), 5) for axis in zip(*points, strict=True))
    return latitude, longitude, BEST_FIRST[best[0]]


def _place_in_territories(wanted):
    """Let councils belong to the communes of their neighbourhoods, and to the EPCI, departments, regions of these."""
    communes = Territory.__table__
    query = (
        select(NEIGHBOURHOODS.c.council_id, communes.c.id, communes.c.epci_id, communes.c.ept_id,
               communes.c.department_id, communes.c.region_id)
        .select_from(NEIGHBOURHOODS)
        .join(neighbourhood_communes, neighbourhood_communes.c.neighbourhood_id == NEIGHBOURHOODS.c.id)
        .join(communes, communes.c.id == neighbourhood_communes.c.commune_id)
    )  # fmt: skip
    found = [row for row in db.session.execute(query) if row[0] in wanted]
    after = {(council_id, territory) for council_id, *ids in found for territory in ids if territory}
    stored = (tuple(row) for row in db.session.execute(select(council_territories)))
    before = {row for row in stored if row[0] in wanted}
    if before - after:
        this = and_(*(column == bindparam(column.name[0]) for column in council_territories.c))
        db.session.execute(delete(council_territories).where(this), [{"c": c, "t": t} for c, t in before - after])
    if after - before:
        rows = [{"council_id": council_id, "territory_id": t} for council_id, t in sorted(after - before)]
        db.session.execute(insert(council_territories), rows)
    return {council_id for council_id, _ in before ^ after}


def remove_demo() -> tuple[int, list[str]]:
    """Remove the demo councils, the made-up neighbourhoods and people, and their files; territories stay.

    Real neighbourhoods stay too, without a council. Returns how many councils there were and the digests of the
    contents that no row names any more: the caller deletes them once it has committed.
    """
    of_publications = bin.erase(db.session.scalars(_shared_in_demo()).all())
    of_talk = erasing.remove_demo(demo_people.are_demo())
    demo_discussions.remove()
    of_articles = demo_articles.remove()
    of_people = demo_people.remove()
    demo = select(COUNCILS.c.id).where(COUNCILS.c.is_demo)
    pictures = select(CouncilPicture.file_id).where(CouncilPicture.council_id.in_(demo))
    kept = select(CouncilPicture.file_id).where(CouncilPicture.council_id.not_in(demo))
    files = db.session.execute(
        select(StoredFile.id, StoredFile.digest).where(StoredFile.id.in_(pictures), StoredFile.id.not_in(kept))
    ).all()
    made_up = db.session.execute(delete(NEIGHBOURHOODS).where(NEIGHBOURHOODS.c.code.startswith(DEMO))).rowcount
    removed = db.session.execute(delete(COUNCILS).where(COUNCILS.c.is_demo)).rowcount
    db.session.execute(delete(StoredFile.__table__).where(StoredFile.id.in_([file.id for file in files])))
    if removed or made_up:
        renew(PAGES, DIRECTORY)
    still_used = set(db.session.scalars(select(StoredFile.digest)))
    gone = {*of_people, *of_publications, *of_talk, *of_articles, *(file.digest for file in files)}
    return removed, sorted(gone - still_used)


def _shared_in_demo():
    """Return the query of what the demo councils share, and of what its people announce for none."""
    of_people = select(User.id).where(demo_people.are_demo())
    alone = and_(Publication.council_id.is_(None), Publication.author_id.in_(of_people))
    rows = select(Publication.id).outerjoin(COUNCILS, COUNCILS.c.id == Publication.council_id)
    return rows.where(or_(COUNCILS.c.is_demo, alone))
