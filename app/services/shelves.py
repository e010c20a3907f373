"""What councils share as its readers find it: lists, series, folders, and what is new for a member."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, true, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute, aliased, defer, joinedload, selectin_polymorphic, selectinload

from app.access import Viewer, hosted_by, near, readable
from app.extensions import db
from app.labels import KIND_PATHS, STAGE_OF_PATH, TerritoryKind
from app.localtime import PARIS, at
from app.models import (
    Action,
    Attachment,
    Council,
    Event,
    Folder,
    Publication,
    Revision,
    StoredFile,
    Territory,
    Theme,
    council_territories,
    publication_themes,
)
from app.models.stamp import PAGES, renew
from app.models.types import utcnow

SHORT = (  # what a list needs of each: long texts stay where they are
    joinedload(Publication.council),
    selectin_polymorphic(Publication, [Event]),
    *(defer(text) for text in (Publication.description, Publication.description_html)),
    *(defer(text) for text in (Event.agenda, Event.agenda_html, Event.minutes, Event.minutes_html)),
    *(defer(text) for text in (Action.need, Action.need_html, Action.results, Action.results_html)),
    *(defer(text) for text in (Action.lessons, Action.lessons_html, Action.contract, Action.partners, Action.funders)),
)
PLACED = (  # and where events are that others announce
    *SHORT,
    joinedload(Publication.council).selectinload(Council.territories),
    selectinload(Event.territory).selectinload(Territory.department),
)
PLACE = (Publication.published_at, Publication.id)
CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,10})")  # microseconds, which end in the year 5138, and an id
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COUNTED = 1000  # a list that is longer is said to have more
REGION = "region-"  # begins the value of a region among those of departments


# Conditions -------------------------------------------------------------------------------------------------------


def about(theme: str) -> ColumnElement[bool]:
    """Return the condition of what has a theme, given by its slug. It is found first: a theme of few publications is
    not looked for in all of the past."""
    link = publication_themes.c
    return Publication.id.in_(select(link.publication_id).join(Theme).where(Theme.slug == theme))


def shared_in(code: str, kind: str = TerritoryKind.DEPARTMENT) -> ColumnElement[bool]:
    """Return the condition of what concerns a department or a region, given by its code: what its councils share, and
    the events that a referent announces for it, for a part of it or for the region that it is in."""
    place, area = council_territories.c, aliased(Territory)
    is_it = (area.kind == kind, area.code == code)
    councils = select(place.council_id).join(area, area.id == place.territory_id).where(*is_it)
    is_part = or_(Territory.department_id == area.id, Territory.region_id == area.id)
    holds = or_(Territory.id == area.id, is_part, Territory.id == area.region_id)
    return or_(Publication.council_id.in_(councils), announced_for(exists().where(*is_it, holds)))


def in_territory(value: str) -> ColumnElement[bool]:
    """Return the condition of what concerns the territory that was chosen in a list: a department (« 01 »), or a region
    (« region-84 »), which has so many councils that the newest are sooner found by their date."""
    if value.startswith(REGION):
        return checked_last(shared_in(value.removeprefix(REGION), TerritoryKind.REGION))
    return shared_in(value)


def announced_for(is_there: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition of the events of no council whose territory meets a condition on `Territory`."""
    event = Event.__table__.c
    rows = select(event.id).join(Territory, Territory.id == event.territory_id).where(is_there)
    return and_(Publication.council_id.is_(None), Publication.id.in_(rows))


def of_year(year: int, published_at: InstrumentedAttribute = Publication.published_at) -> ColumnElement[bool]:
    """Return the condition of what was published in a year, as the calendar of Paris has it."""
    first, end = (at(PARIS, date(y, 1, 1), time()) for y in (year, year + 1))
    return and_(published_at >= first, published_at < end)


def is_out() -> ColumnElement[bool]:
    """Return the condition of what is no draft."""
    return Publication.published_at.is_not(None)


def is_coming(now: datetime) -> ColumnElement[bool]:
    """Return the condition of the events that are not over; a draft may not say yet when it begins."""
    return or_(Event.starts_at.is_(None), func.coalesce(Event.ends_at, Event.starts_at) >= now)


# What members narrow their own list to.
STATES = {
    "publies": is_out,
    "brouillons": lambda: and_(~is_out(), Publication.publish_on.is_(None)),
    "a-paraitre": lambda: and_(~is_out(), Publication.publish_on.is_not(None)),
}

# Field of a list → the condition of what was chosen in it.
NARROWED = {
    "theme": about,
    "annee": lambda year: of_year(int(year)),
    "territoire": in_territory,
    "etape": lambda path: Action.stage == STAGE_OF_PATH[path],
    "type": lambda path: Publication.kind == KIND_PATHS[path],
    "niveau": lambda level: Publication.level == level,
    "dossier": lambda folder_id: Publication.folder_id == int(folder_id),
    "etat": lambda state: STATES[state](),
}


# Lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slice:
    """One page of a long list. `newer` and `older` are the cursors of the pages beside it, or None."""

    items: list[Publication]
    newer: str | None
    older: str | None


class BadCursor(ValueError):
    """A cursor that this site did not write."""


def newest(
    viewer: Viewer,
    *conditions,
    before: str = "",
    after: str = "",
    size: int = 20,
    is_narrow: bool = False,
    loaded: tuple = PLACED,
    model: type[Publication] = Publication,
    is_oldest_first: bool = False,
) -> Slice:
    """Return the newest publications that `viewer` may read, or those that follow a cursor in a long list; the oldest
    ones, and the first of them first, with `is_oldest_first`.

    A page costs the same wherever it is in the list, and nothing is counted. `is_narrow`: the
    conditions leave few of them. `loaded` are options of the query. `model`: those of one kind alone. Raises
    `BadCursor`.
    """
    query = _listed(viewer, *conditions, is_narrow=is_narrow, model=model).options(*loaded)
    rises = bool(after) if before or after else is_oldest_first  # how it is read, whatever comes first on the page
    if after:
        query = query.where(tuple_(*PLACE) > read_cursor(after))
    elif before:
        query = query.where(tuple_(*PLACE) < read_cursor(before))
    rows = list(db.session.scalars(query.order_by(*_in_order(rises)).limit(size + 1)))
    follow, items = len(rows) > size, rows[:size]
    if not items:
        return Slice([], None, None)
    precede = bool(before or after)
    has_newer, has_older = (follow, precede) if rises else (precede, follow)
    first, last = (cursor(item.published_at, item.id) for item in (items[0], items[-1]))
    oldest, latest = (first, last) if rises else (last, first)
    if rises != is_oldest_first:
        items.reverse()
    return Slice(items, latest if has_newer else None, oldest if has_older else None)


def count_up_to(viewer: Viewer, *conditions, is_narrow: bool = False, model: type[Publication] = Publication) -> int:
    """Return how many publications that meet these conditions `viewer` may read; `COUNTED` + 1 stands for all numbers
    beyond, which are not counted."""
    query = _listed(viewer, *conditions, is_narrow=is_narrow, model=model)
    query = query.with_only_columns(Publication.id, maintain_column_froms=True).limit(COUNTED + 1)
    if not is_narrow:  # an order has them read by date, as the list is; few are found first, and would be sorted
        query = query.order_by(*_in_order(rises=False))
    return db.session.scalar(select(func.count()).select_from(query.subquery()))


def _listed(viewer, *conditions, is_narrow, model):
    """Return the query of what was published and meets `conditions`, in no order."""
    may = readable(Publication, viewer)
    if viewer.is_active or is_narrow:  # what visitors read is of one level, and each level has an index by date
        may = checked_last(may)
    return select(model).where(may, is_out(), *conditions)


def _in_order(rises):
    return PLACE if rises else tuple(column.desc() for column in PLACE)


@dataclass(frozen=True)
class Files:
    """The files of a publication as lists tell them: how many, their bytes, and the media type of the only one."""

    count: int
    size: int
    media_type: str


def files_of(rows: Collection, holder: InstrumentedAttribute = Attachment.publication_id) -> dict[int, Files]:
    """Return the files of publications that somebody reads, or of whatever `holder` tells, by the ids of those that
    have some."""
    held = (holder.in_([row.id for row in rows]), Attachment.removed_at.is_(None))
    columns = (func.count(), func.sum(StoredFile.size), func.min(StoredFile.media_type))
    query = select(holder, *columns).join(StoredFile, StoredFile.id == Attachment.file_id)
    found = db.session.execute(query.where(*held).group_by(holder)).all() if rows else []
    return {key: Files(count, int(size), media_type) for key, count, size, media_type in found}


def sharing(viewer: Viewer, council_ids: Collection[int], model: type[Publication] = Publication) -> set[int]:
    """Return the ids of those of some councils that share something that `viewer` may read."""
    council = aliased(Council)
    shared = select(model.id).where(model.council_id == council.id, readable(model, viewer), is_out()).exists()
    return set(db.session.scalars(select(council.id).where(council.id.in_(council_ids), shared)))


def checked_last(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Have SQLite find rows by all else, and then look at this. It knows nothing of how many there are of each level:
    it would read them all, and sort them. PostgreSQL counts, and finds the best way by itself."""
    return condition.is_(true()) if db.session.get_bind().dialect.name == "sqlite" else condition


def cursor(instant: datetime, row_id: int) -> str:
    """Return what an address says of a place in a list that is in the order of instants."""
    return f"{(instant - EPOCH) // timedelta(microseconds=1)}-{row_id}"


def read_cursor(text: str) -> tuple[datetime, int]:
    """Return the instant and the id that `cursor` wrote. Raises `BadCursor`."""
    parts = CURSOR.fullmatch(text)
    if parts is None or int(parts[2]) >= 2**31:
        raise BadCursor(text)
    return EPOCH + timedelta(microseconds=int(parts[1])), int(parts[2])


def of_council(viewer: Viewer, model: type[Publication], *conditions, past: bool = False) -> Select:
    """Return the query of what the viewer's own council shares of one kind, and of the viewer's drafts: newest first.
    Of whoever is of no council, what they announce.

    Of events those to come, the next one first, or the past ones.
    """
    query = select(model).where(readable(model, viewer), hosted_by(viewer), *conditions)
    query = query.options(*SHORT)
    if model is not Event:
        return query.order_by(func.coalesce(model.published_at, model.created_at).desc(), model.id.desc())
    if past:
        return query.where(~is_coming(utcnow())).order_by(Event.starts_at.desc(), Event.id.desc())
    return query.where(is_coming(utcnow())).order_by(Event.starts_at.is_not(None), Event.starts_at, Event.id)


def coming(viewer: Viewer, council_id: int, most: int = 3) -> list[Event]:
    """Return the next events of a council that `viewer` may read."""
    ours = (Event.council_id == council_id, is_out(), Event.starts_at.is_not(None), is_coming(utcnow()))
    query = select(Event).where(readable(Event, viewer), *ours).options(*SHORT)
    return list(db.session.scalars(query.order_by(Event.starts_at, Event.id).limit(most)))


# What is new ------------------------------------------------------------------------------------------------------


def news(viewer: Viewer, since: datetime, most: int = 5) -> Slice:
    """Return what others published since an instant in the viewer's council, or shared with its groups."""
    theirs = or_(Publication.author_id.is_(None), Publication.author_id != viewer.user_id)
    return newest(viewer, near(viewer), theirs, Publication.published_at > since, size=most, is_narrow=True)


def drafts(viewer: Viewer, most: int = 6) -> list[Publication]:
    """Return the viewer's drafts in their council, those with a date first."""
    mine = (Publication.author_id == viewer.user_id, hosted_by(viewer))
    query = select(Publication).where(readable(Publication, viewer), *mine, ~is_out()).options(*SHORT)
    query = query.order_by(Publication.publish_on.is_(None), Publication.publish_on, Publication.created_at.desc())
    return list(db.session.scalars(query.limit(most)))


def unsaved(viewer: Viewer, most: int = 6) -> list[Publication | None]:
    """Return what the viewer changed, looked at, and did not save: publications; None stands for the council's page."""
    mine = select(Revision.publication_id, Revision.council_id).where(
        Revision.number.is_(None), Revision.author_id == viewer.user_id, readable(Revision, viewer)
    )
    rows = db.session.execute(mine.order_by(Revision.created_at.desc()).limit(most)).all()
    ids = [row.publication_id for row in rows if row.publication_id]
    query = select(Publication).where(Publication.id.in_(ids), readable(Publication, viewer), is_out()).options(*SHORT)
    found = list(db.session.scalars(query)) if ids else []
    return [None] * any(row.council_id == viewer.council_id for row in rows) + found


# Series and folders -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Episode:
    """The place of a publication in its series, of what one viewer may read there."""

    number: int
    count: int
    former: Publication | None
    next: Publication | None


def episode_of(viewer: Viewer, publication: Publication) -> Episode | None:
    """Return the place of a publication in its series; None when it is in none."""
    if publication.folder is None or not publication.folder.is_series or publication.is_draft:
        return None
    order = {"order_by": (Publication.published_at, Publication.id)}
    place = select(
        Publication.id,
        func.row_number().over(**order).label("number"),
        func.count().over().label("count"),
        func.lag(Publication.id).over(**order).label("former"),
        func.lead(Publication.id).over(**order).label("next"),
    ).where(Publication.folder_id == publication.folder_id, is_out(), readable(Publication, viewer))
    place = place.subquery()
    row = db.session.execute(select(place).where(place.c.id == publication.id)).first()
    if row is None:
        return None
    beside = [id_ for id_ in (row.former, row.next) if id_]
    query = select(Publication).where(Publication.id.in_(beside)).options(*SHORT)
    found = {other.id: other for other in db.session.scalars(query)} if beside else {}
    return Episode(row.number, row.count, found.get(row.former), found.get(row.next))


def count_in(viewer: Viewer, folders: list[Folder]) -> dict[int, int]:
    """Return how many publications the viewer may read in each of these folders, by its id."""
    held = (Publication.folder_id.in_([folder.id for folder in folders]), readable(Publication, viewer))
    counts = select(Publication.folder_id, func.count()).where(*held).group_by(Publication.folder_id)
    return dict(db.session.execute(counts).all())


def held_in(viewer: Viewer, folder: Folder) -> Select:
    """Return the query of what a folder holds, of all kinds: of a series the first episode first, else the newest."""
    query = select(Publication).where(Publication.folder_id == folder.id, readable(Publication, viewer))
    since = func.coalesce(Publication.published_at, Publication.created_at)
    order = (~is_out(), since, Publication.id) if folder.is_series else (since.desc(), Publication.id.desc())
    return query.options(*SHORT).order_by(*order)


def is_folder_taken(council_id: int, name: str, but: int = 0) -> bool:
    """Tell whether a council has a folder with this name, other than the one whose id is `but`."""
    known = select(Folder.id).filter_by(council_id=council_id, name=name).where(Folder.id != but)
    return db.session.scalar(known) is not None


def delete_folder(folder: Folder) -> None:
    """Delete a folder; what was in it stays, in no folder."""
    db.session.execute(update(Publication).where(Publication.folder_id == folder.id).values(folder_id=None))
    db.session.execute(delete(Folder).where(Folder.id == folder.id))
    renew(PAGES)
