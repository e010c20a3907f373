"""Digests: what is new for a person since the last one, as far as they may read it and have not read it yet."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import defer, joinedload, selectin_polymorphic, selectinload

from app.access import may_read, out, viewer_of
from app.extensions import db
from app.labels import DEFAULT_RHYTHM, AlertTopic, Channel, Priority, Rhythm, UserStatus, Visibility
from app.localtime import at, clock
from app.models import Activity, AlertChoice, Council, Event, Group, Publication, Reading, User
from app.notifications import changes, outbox
from app.notifications.links import site_address
from app.notifications.message import Line, Message, Section
from app.notifications.publications import address_of
from app.notifications.recipients import DIGEST, takes
from app.templating import day as said_day
from app.templating import sitting

HOUR, MONDAY = time(7), 0
LONGEST = {Rhythm.DAILY: timedelta(days=8), Rhythm.WEEKLY: timedelta(days=35)}  # how far back one looks at most
MOST = 30  # things in a digest; the others are counted
MARGIN = timedelta(minutes=1)  # what is being saved at this instant is told the next time
TOPICS = (AlertTopic.DOCUMENT, AlertTopic.ACTION, AlertTopic.EVENT)
NEW, CHANGED, CANCELLED, MINUTES = "Nouveau", "Modifié", "Annulé", "Compte-rendu"
WHOLE = (
    joinedload(Publication.council),
    selectinload(Publication.groups).selectinload(Group.councils),
    selectin_polymorphic(Publication, [Event]),
    *(defer(text) for text in (Publication.description, Publication.description_html)),
    *(defer(text) for text in (Event.agenda, Event.agenda_html, Event.minutes, Event.minutes_html)),
)


class Told(NamedTuple):
    """What is new about a publication, and since when."""

    since: datetime
    state: str
    publication: Publication


@dataclass(frozen=True)
class News:
    """What happened to a publication. `changed`: when, and whether it is still different from what it was before;
    `minuted`: when its minutes came."""

    publication: Publication
    changed: tuple[tuple[datetime, bool], ...] = ()
    minuted: tuple[datetime, ...] = ()

    def since(self, since: datetime) -> Told | None:
        """Return what is new since an instant: one state, the newest; what is new altogether stays so when it was
        corrected. What was announced and is over has no other news than its minutes."""
        item = self.publication
        is_over = isinstance(item, Event) and item.is_over
        cancelled_at = getattr(item, "cancelled_at", None)
        minuted = [one for one in self.minuted if one > since]
        changed = [one for one in self.changed if one[0] > since]
        if cancelled_at:
            return Told(cancelled_at, CANCELLED, item) if cancelled_at > since and not is_over else None
        if minuted:
            return Told(minuted[-1], MINUTES, item)
        if item.published_at > since:
            return Told(item.published_at, NEW, item)
        if changed and changed[0][1] and not is_over:
            return Told(changed[-1][0], CHANGED, item)
        return None


@dataclass(frozen=True)
class Turn:
    """A person whose digest is due: since when each topic is to be told, and what is noted of it afterwards."""

    person: User
    due_at: datetime | None
    windows: dict[AlertTopic, datetime]
    marks: dict
    day: date  # of their calendar


# Who is due -------------------------------------------------------------------------------------------------------


def is_due(now: datetime) -> tuple:
    """Return the conditions of the people whose digest is due, or who have no time for it yet."""
    is_member = (User.status == UserStatus.ACTIVE, User.council_id.is_not(None))
    return (*is_member, or_(User.digest_at.is_(None), User.digest_at <= now))


def turns(now: datetime, most: int) -> list[Turn]:
    """Return whose turn it is, at most so many."""
    people = select(User, takes(Channel.MAIL, DIGEST)).where(*is_due(now)).order_by(User.id).limit(most)
    people = people.options(joinedload(User.council).selectinload(Council.territories))
    found = db.session.execute(people.execution_options(populate_existing=True)).all()
    rhythms = _rhythms([person.id for person, _ in found])
    return [_turn(person, is_taken, rhythms[person.id], now) for person, is_taken in found]


def _rhythms(user_ids):
    chosen = select(AlertChoice.user_id, AlertChoice.topic, AlertChoice.rhythm).where(
        AlertChoice.user_id.in_(user_ids), AlertChoice.topic.in_(TOPICS)
    )
    rhythms = {user_id: {topic: DEFAULT_RHYTHM[topic] for topic in TOPICS} for user_id in user_ids}
    for user_id, topic, rhythm in db.session.execute(chosen).all():
        rhythms[user_id][AlertTopic(topic)] = Rhythm(rhythm)
    return rhythms


def _turn(person, is_taken, rhythms, now):
    zone, until = person.council.zone, now - MARGIN
    marks = {"user_id": person.id, "digest_at": following(zone, now), "daily_until": until, "weekly_until": until}
    since = {Rhythm.DAILY: person.daily_until, Rhythm.WEEKLY: person.weekly_until}
    today = clock(zone, now).date()
    if person.digest_at is None or None in since.values():
        return Turn(person, person.digest_at, {}, marks, today)
    if person.alerts_paused_at:  # after the pause, they are told what they have missed
        return Turn(person, person.digest_at, {}, {**marks, **_until(person)}, today)
    if since[Rhythm.WEEKLY] >= monday_before(zone, now) - MARGIN:
        marks["weekly_until"] = since.pop(Rhythm.WEEKLY)
    windows = {
        topic: max(since[rhythm], until - LONGEST[rhythm]) for topic, rhythm in rhythms.items() if rhythm in since
    }
    return Turn(person, person.digest_at, windows if is_taken else {}, marks, today)


def _until(person):
    return {"daily_until": person.daily_until, "weekly_until": person.weekly_until}


def following(zone: str, now: datetime) -> datetime:
    """Return when clocks in `zone` show the hour of digests for the next time."""
    local = clock(zone, now)
    return at(zone, local.date() + timedelta(days=local.time() >= HOUR), HOUR)


def monday_before(zone: str, now: datetime) -> datetime:
    """Return when clocks in `zone` last showed the hour of digests on a Monday."""
    local = clock(zone, now)
    days = (local.weekday() - MONDAY) % 7
    if days == 0 and local.time() < HOUR:
        days = 7
    return at(zone, local.date() - timedelta(days=days), HOUR)


def still_due(lot: list[Turn]) -> list[Turn]:
    """Return those whose turn nobody else has taken meanwhile; their rows are locked. Call it in a write
    transaction."""
    table = User.__table__
    rows = select(table.c.id, table.c.digest_at).where(table.c.id.in_([turn.marks["user_id"] for turn in lot]))
    now = dict(db.session.execute(rows.order_by(table.c.id).with_for_update(key_share=True)).all())
    return [turn for turn in lot if now.get(turn.marks["user_id"], turn) == turn.due_at]


def done(lot: list[Turn]) -> None:
    """Note up to when these people have been told, and when it is their turn again."""
    table = User.__table__
    names = ("digest_at", "daily_until", "weekly_until")
    statement = update(table).where(table.c.id == bindparam("user_id"))
    if lot:
        values = {name: bindparam(f"new_{name}") for name in names}
        rows = [{"user_id": turn.marks["user_id"]} | {f"new_{n}": turn.marks[n] for n in names} for turn in lot]
        db.session.connection().execute(statement.values(values), rows)


# What is new ------------------------------------------------------------------------------------------------------


def rows(lot: list[Turn], now: datetime) -> dict[int, dict]:
    """Return the deliveries of these people by their id, for `outbox.post_many`; none for whom nothing is new."""
    asked = [turn for turn in lot if turn.windows]
    if not asked:
        return {}
    news = _news(asked, now - MARGIN)
    read = _readings([turn.person.id for turn in asked], [one.publication.id for one in news])
    for_councils, for_places = _by_council(news), [one for one in news if one.publication.council_id is None]
    found = {}
    for turn in asked:
        near = [*for_councils[turn.person.council_id], *_around(turn.person, for_places)]
        if told := sorted(_told(turn, near, read), key=lambda one: one.since, reverse=True):
            found[turn.person.id] = _row(turn, told)
    return found


def _news(asked, until):
    """Return what happened in the longest window of these people that may concern one of them."""
    since = min(min(turn.windows.values()) for turn in asked)
    changed, minuted = _activities(since, until)
    their_own = Publication.council_id.in_({turn.person.council_id for turn in asked})
    theirs = or_(their_own, Publication.level == Visibility.GROUPS, Publication.council_id.is_(None))
    is_new = Publication.published_at > since, Publication.published_at <= until
    cancelled = select(Event.id).where(Event.cancelled_at > since)
    happened = or_(is_new[0] & is_new[1], Publication.id.in_({*changed, *minuted}), Publication.id.in_(cancelled))
    found = select(Publication).where(out(), Publication.hidden_at.is_(None), theirs, happened).options(*WHOLE)
    items = db.session.scalars(found.execution_options(populate_existing=True)).all()
    states = changes.states([item.id for item in items if item.id in changed])
    return [News(item, _differing(changed[item.id], states.get(item.id)), tuple(minuted[item.id])) for item in items]


def _activities(since, until):
    """Return what was recorded of events: (instant, how it was) of changes and instants of minutes, by their id."""
    verbs = ("event.changed", "event.minutes")
    happened = select(Activity.subject_id, Activity.verb, Activity.created_at, Activity.data).where(
        Activity.subject_type == Publication.__tablename__, Activity.verb.in_(verbs),
        Activity.created_at > since, Activity.created_at <= until,
    )  # fmt: skip
    changed, minuted = defaultdict(list), defaultdict(list)
    for event_id, verb, instant, data in db.session.execute(happened.order_by(Activity.id)).all():
        if verb == "event.minutes":
            minuted[event_id].append(instant)
        elif data:
            changed[event_id].append((instant, data))
    return changed, minuted


def _differing(changed, state):
    return tuple((instant, bool(changes.between(data, state))) for instant, data in changed) if state else ()


def _readings(user_ids, publication_ids):
    there = (Reading.user_id.in_(user_ids), Reading.publication_id.in_(publication_ids))
    rows = select(Reading.user_id, Reading.publication_id, Reading.read_at).where(*there)
    return {(user_id, item_id): read_at for user_id, item_id, read_at in db.session.execute(rows).all()}


def _by_council(news: Iterable[News]) -> dict[int, list[News]]:
    """Return what concerns the members of each council, as `access.concerned` says of one publication."""
    found = defaultdict(list)
    for one in news:
        item = one.publication
        councils = {item.council_id} if item.council_id else set()
        if item.council_id and item.level == Visibility.GROUPS:
            councils |= {council.id for group in item.groups for council in group.councils}
        for council_id in councils:
            found[council_id].append(one)
    return found


def _around(person, for_places):
    places = {place.id for place in person.council.territories}
    return [one for one in for_places if one.publication.territory_id in {None, *places}]


def _told(turn, near, read) -> Iterator[Told]:
    viewer = viewer_of(turn.person)
    for one in near:
        item = one.publication
        since = turn.windows.get(AlertTopic(item.kind))
        told = one.since(since) if since and item.author_id != viewer.user_id else None
        if told and may_read(viewer, item):
            read_at = read.get((viewer.user_id, item.id))
            if read_at is None or read_at < told.since:
                yield told


# Words ------------------------------------------------------------------------------------------------------------


def _row(turn, told):
    person = turn.person
    return outbox.row(
        _message(turn, told), to=person.email, name=person.name, key=f"digest:{person.id}:{turn.day}", kind=DIGEST,
        priority=Priority.DIGEST, council_id=person.council_id, person_id=person.id,
    )  # fmt: skip


def _message(turn, told):
    person = turn.person
    sections = defaultdict(list)
    for one in told[:MOST]:
        item = one.publication
        sections[item.council_id != person.council_id, item.source].append(_line(one))
    return Message(
        f"Quoi de neuf ? Votre résumé du {said_day(turn.day)}",
        (f"Bonjour {person.first_name},", "Voici ce qui est nouveau pour vous depuis le dernier résumé :"),
        link=("Tout lire sur le site", site_address("council.dashboard.show")),
        why="vous suivez ce que partagent votre conseil citoyen et ses groupes",
        sections=tuple(
            Section(source if is_other else f"Votre conseil : {source}", tuple(lines))
            for (is_other, source), lines in sorted(sections.items(), key=lambda pair: pair[0])
        ),
        others=tuple(one.publication.id for one in told[MOST:]),
    )


def _line(told):
    """Return one line: mails are passed on, so that what not everybody may read has its title only."""
    item, more = told.publication, ""
    if item.level == Visibility.PUBLIC and isinstance(item, Event) and item.starts_at:
        more = sitting(item.starts_at, item.ends_at, item.time_zone)
    return Line(item.id, told.state, item.title, address_of(item), more)
