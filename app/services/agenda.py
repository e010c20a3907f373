"""The agenda: the events that somebody may read, in the order of the calendar, as lists, days and months."""

from calendar import Calendar
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from math import cos, radians

from babel.dates import format_date
from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_, union_all

from app.access import Viewer, near, readable
from app.extensions import db
from app.geo import distance_km
from app.labels import TerritoryKind
from app.localtime import clock
from app.models import Event, Publication, Registration, Territory, council_territories
from app.models.registration import STANDING
from app.models.types import utcnow
from app.services.directory import Directory, Place
from app.services.finding import search
from app.services.shelves import PLACED, announced_for, checked_last, cursor, is_out, read_cursor
from app.templating import clock as said

SIZE = 20  # events on a page of a list
IN_A_DAY = 3  # titles in a day of the month
AROUND_KM = 30
DEGREE_KM = 111.2  # along a meridian
MOST_PLACES = 10  # communes to choose from
MANY = 50  # councils around: the next event of one of them is sooner found than all of theirs
ORDER = (Event.starts_at, Event.id)


# Conditions -------------------------------------------------------------------------------------------------------


def registered(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition of the events where the viewer comes, or waits for a place."""
    return Publication.id.in_(_registered(viewer))


def _registered(viewer):
    own = (Registration.user_id == (viewer.user_id or 0), Registration.status.in_(STANDING))
    return select(Registration.event_id).where(*own)


def close(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition of what concerns a member first; a referent, what happens in their territories too, and
    whoever announces events, these."""
    return near(viewer, *_own(viewer))


def mine(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition of what `close` or `registered` says."""
    return near(viewer, *_own(viewer), _registered(viewer))


def _own(viewer):
    """Yield the queries of the events that are close to somebody, whatever their council."""
    yield select(Publication.id).where(Publication.author_id == (viewer.user_id or 0))
    if viewer.is_referent:
        place = council_territories.c
        councils = select(place.council_id).where(place.territory_id.in_(viewer.territory_ids))
        yield select(Publication.id).where(Publication.council_id.in_(councils))
        yield select(Event.__table__.c.id).where(Event.__table__.c.territory_id.in_(viewer.territory_ids))


@dataclass(frozen=True)
class Around:
    """A commune and the councils around it: their distances in kilometres, by id."""

    place: Place
    distances: dict[int, float] = field(default_factory=dict)

    @property
    def condition(self) -> ColumnElement[bool]:
        """That of the events of these councils, and of those announced for the commune or its whole department."""
        place = self.place
        codes = [(TerritoryKind.COMMUNE, place.code), (TerritoryKind.DEPARTMENT, place.department)]
        announced = announced_for(tuple_(Territory.kind, Territory.code).in_(codes))
        condition = or_(Publication.council_id.in_(list(self.distances)), announced)
        return checked_last(condition) if len(self.distances) > MANY else condition


def around(directory: Directory, place: Place) -> Around:
    """Return the councils of a commune, and those at most `AROUND_KM` away from its centre."""
    distances = {entry.id: 0.0 for entry in directory.by_commune.get(place.code, [])}
    if place.latitude is None:
        return Around(place, distances)
    here, high = (place.latitude, place.longitude), AROUND_KM / DEGREE_KM
    wide = high / max(0.01, cos(radians(place.latitude)))
    for entry in directory.councils:
        if entry.latitude is None or abs(entry.latitude - here[0]) > high or abs(entry.longitude - here[1]) > wide:
            continue
        distance = distance_km(here, (entry.latitude, entry.longitude))
        if distance <= AROUND_KM or entry.id in distances:
            distances[entry.id] = distance
    return Around(place, distances)


@dataclass(frozen=True)
class Meant:
    """What a typed place may mean: communes, or a department or region, which is something else than a place."""

    communes: list[Place] = field(default_factory=list)
    area: Place | None = None


def meant(directory: Directory, text: str) -> Meant:
    """Return the communes that a name or a postal code may mean: those of this name, else those of the councils that
    answer to it."""
    found = search(directory, text)
    if found is None:
        return Meant()
    communes = [*found.communes, *([found.place] if found.place else []), *found.others]
    if found.areas and not communes:
        return Meant(area=found.areas[0])
    if not found.communes:
        communes += [commune for entry in found.councils for commune in entry.communes]
    return Meant(list(dict.fromkeys(communes))[:MOST_PLACES])


# Lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """A part of a list in the order of the calendar; `former` and `later` are the cursors of the parts before and
    after it in the list, or None."""

    events: list[Event]
    former: str | None = None
    later: str | None = None


def coming(viewer: Viewer, *conditions, before: str = "", after: str = "", size: int = SIZE) -> Stretch:
    """Return what is going on, then the next events that `viewer` may read; or what stands in this list before or after
    a cursor. A part costs the same wherever it is. Raises `BadCursor`."""
    now = utcnow()
    # Each by its own index: all of the past would be read in its order, to find the few that still last.
    is_on = and_(Event.ends_at >= now, checked_last(Event.starts_at < now))
    return _stretch(viewer, conditions, Event.starts_at >= now, is_on, before=before, after=after, size=size)


def past(viewer: Viewer, *conditions, before: str = "", after: str = "") -> Stretch:
    """As `coming`, the events that are over, the last one first."""
    now = utcnow()
    is_over = and_(Event.starts_at < now, or_(Event.ends_at.is_(None), Event.ends_at < now))
    return _stretch(viewer, conditions, is_over, before=before, after=after, is_falling=True)


def of_day(viewer: Viewer, day: date, *conditions, before: str = "", after: str = "") -> Stretch:
    """As `coming`, what begins on a day of the calendar at its place, past or not."""
    return _stretch(viewer, conditions, Event.day == day, before=before, after=after)


def shown(viewer: Viewer, *conditions) -> ColumnElement[bool]:
    """Return the condition of the events that stand in the viewer's agenda. `conditions` say when: what has no date
    meets none of these."""
    return and_(checked_last(readable(Event, viewer)), is_out(), *conditions)


def _stretch(viewer, conditions, when, also=None, *, before, after, size=SIZE, is_falling=False):
    """Return the part of a list from a cursor on: of what meets `when`, and of the few that meet `also`."""
    is_down = is_falling != bool(before)
    order = [column.desc() if is_down else column for column in ORDER]
    known = []
    if before or after:
        place = read_cursor(before or after)
        known = [tuple_(*ORDER) < place if is_down else tuple_(*ORDER) > place]
    ids = select(Event.id).where(shown(viewer, when, *conditions), *known)
    ids = select(ids.order_by(*order).limit(size + 1).subquery().c.id)
    if also is not None:
        known = [checked_last(condition) for condition in known]
        few = select(Event.id).where(shown(viewer, also, *conditions), *known)
        ids = union_all(ids, select(few.subquery().c.id))
    query = select(Event).where(Event.id.in_(ids)).options(*PLACED).order_by(*order)
    events = list(db.session.scalars(query.limit(size + 1)))
    return _cut(events, size, is_back=bool(before), is_known=bool(known))


def _cut(events, size, *, is_back, is_known):
    """Return the stretch of rows that were read from a cursor on, in the order of reading, and one row more."""
    more, events = len(events) > size, events[:size]
    if is_back:
        events.reverse()
    if not events:
        return Stretch([])
    has_former, has_later = (more, True) if is_back else (is_known, more)
    first, last = (cursor(event.starts_at, event.id) for event in (events[0], events[-1]))
    return Stretch(events, first if has_former else None, last if has_later else None)


def by_month(events: Collection[Event], *, is_past: bool = False) -> list[tuple[datetime | None, list[Event]]]:
    """Return events under the month where they begin, in their order; None stands for what is going on now."""
    now, groups = utcnow(), {}
    for event in events:
        is_on = not is_past and event.starts_at < now
        month = None if is_on else datetime(event.day.year, event.day.month, 15, tzinfo=UTC)
        groups.setdefault(month, []).append(event)
    first = groups.pop(None, None)  # overseas, the last evening of a month comes after its end in Paris
    return [(None, first)] * bool(first) + sorted(groups.items(), reverse=is_past)


# The month --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """An event in a day of the month. `clock`: when it begins, as clocks show it there."""

    id: int
    slug: str
    title: str
    clock: str
    mark: str


@dataclass
class Day:
    """A day of a month: its first events, and how many it has."""

    day: date
    lines: list[Line] = field(default_factory=list)
    count: int = 0

    @property
    def name(self) -> str:
        """« samedi »."""
        return format_date(self.day, "EEEE", locale="fr")

    @property
    def number(self) -> str:
        """« 14 », « 1er »."""
        return "1er" if self.day.day == 1 else str(self.day.day)

    @property
    def others(self) -> int:
        """How many events it has beside those that are said."""
        return self.count - len(self.lines)


def month(viewer: Viewer, first: date, *conditions) -> list[list[Day | None]]:
    """Return the weeks of a month, from Monday to Sunday; None where a day is of another month. One query, and as many
    rows at most as a month has room for."""
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    days = {day: Day(day) for week in weeks for day in week if day.month == first.month}
    for row in db.session.execute(_first_of_days(viewer, min(days), max(days), conditions)):
        days[row.day].lines.append(_line(row))
        days[row.day].count = row.count_
    return [[days.get(day) for day in week] for week in weeks]


def next_day(viewer: Viewer, after: date, until: date, *conditions) -> date | None:
    """Return the first day after one, and `until` another, that has something."""
    is_then = (Event.day > after, Event.day <= until)
    return db.session.scalar(select(Event.day).where(shown(viewer, *is_then, *conditions)).order_by(Event.day).limit(1))


def _line(row):
    mark = "annulé" if row.cancelled_at else "masqué" if row.hidden_at else ""
    return Line(row.id, row.slug, row.title or "Sans titre", said(clock(row.time_zone, row.starts_at)), mark)


def _first_of_days(viewer, first, last, conditions):
    """Return the query of the first events of each day, each with the number of all those of its day."""
    number = func.row_number().over(partition_by=Event.day, order_by=ORDER).label("number")
    columns = (
        Event.id, Event.slug, Event.title, Event.day, Event.starts_at, Event.time_zone, Event.cancelled_at,
        Event.hidden_at, number, func.count().over(partition_by=Event.day).label("count_"),
    )  # fmt: skip
    rows = select(*columns).where(shown(viewer, Event.day.between(first, last), *conditions)).subquery()
    return select(rows).where(rows.c.number <= IN_A_DAY).order_by(rows.c.day, rows.c.number)
