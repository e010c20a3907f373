"""Digests: what is new for a person since the last one, as far as they may read it and have not read it yet."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import defer, joinedload, selectin_polymorphic, selectinload

from app.access import may_read, out, viewer_of
from app.extensions import db
from app.labels import DEFAULT_RHYTHM, AlertTopic, Channel, DeliveryState, Priority, Rhythm, UserStatus, Visibility
from app.localtime import at, clock
from app.models import Activity, AlertChoice, Council, Delivery, Event, Group, Publication, Reading, User
from app.notifications import changes, hearing, outbox
from app.notifications.hearing import Asked, Heard
from app.notifications.links import site_address
from app.notifications.message import Line, Message, Section
from app.notifications.publications import line_of
from app.notifications.recipients import DIGEST, LATER, takes
from app.templating import plural

HOUR, MONDAY = time(7), 0
LONGEST = {Rhythm.DAILY: timedelta(days=8), Rhythm.WEEKLY: timedelta(days=35)}  # how far back one looks at most
MOST = 30  # things in a digest; the others are counted
MARGIN = timedelta(minutes=1)  # what is being saved at this instant is told the next time
SHARED = (AlertTopic.DOCUMENT, AlertTopic.ACTION, AlertTopic.EVENT)
TOPICS = (*SHARED, AlertTopic.FORUM)
CHANGE = "event.changed"
HAPPENINGS = (CHANGE, "event.minutes", "event.cancelled")  # as `News` has them
TELLING = (*(f"{topic}.published" for topic in SHARED), CHANGE, "event.cancelled")  # what alerts are about
LATE = timedelta(days=2)  # how late alerts may be prepared when the server was away
OURS, THEIRS = 0, 1  # ranks of sections; those of discussions come after them
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

    def section(self, person: User) -> tuple[int, str]:
        """Return the rank and the heading under which it stands for somebody."""
        item = self.publication
        is_ours = item.council_id is not None and item.council_id == person.council_id
        return (OURS, f"Votre conseil : {item.source}") if is_ours else (THEIRS, item.source)

    def line(self) -> Line:
        """Return what a digest says of it."""
        return line_of(self.publication, self.state)


class Happening(NamedTuple):
    """What was done to an event: when, for the last time; when alerts told of it, from which no later change is part of
    it; and whether the event is still different from what it was before."""

    at: datetime
    settled_at: datetime
    differs: bool = True


@dataclass(frozen=True)
class News:
    """What happened to a publication after it was published."""

    publication: Publication
    changed: tuple[Happening, ...] = ()
    minuted: tuple[Happening, ...] = ()
    cancelled: tuple[Happening, ...] = ()

    def told(self, since: datetime, known_at: datetime | None) -> Told | None:
        """Return what is new since an instant for somebody who has read of the publication at `known_at` (None: never):
        one state, the newest. What is new altogether stays so when it was corrected. What was announced and is over has
        no other news than its minutes."""

        def unknown(happenings):
            return [one for one in happenings if one.settled_at > since and (known_at is None or one.at > known_at)]

        item, cancelled, minuted = self.publication, unknown(self.cancelled), unknown(self.minuted)
        changed = unknown(self.changed)
        is_over = isinstance(item, Event) and item.is_over
        if getattr(item, "cancelled_at", None):
            return Told(cancelled[-1].at, CANCELLED, item) if cancelled and not is_over else None
        if minuted:
            return Told(minuted[-1].at, MINUTES, item)
        if item.published_at > since and known_at is None:
            was_announced = is_over and item.published_at < (item.ends_at or item.starts_at)
            return None if was_announced else Told(item.published_at, NEW, item)
        if changed and changed[0].differs and not is_over:
            return Told(changed[-1].at, CHANGED, item)
        return None


class Choice(NamedTuple):
    """How often a person is told of a topic, and up to when they have been told of it; None: as of all topics of the
    same rhythm."""

    rhythm: Rhythm
    told_until: datetime | None = None


@dataclass(frozen=True)
class Turn:
    """A person whose digest is due: since when each topic is to be told, and what is noted of it afterwards."""

    person: User
    places: frozenset[int]  # the territories where their council is
    due_at: datetime | None
    choices: dict[AlertTopic, Choice]
    windows: dict[AlertTopic, datetime]
    marks: dict
    day: date  # of their calendar
    over: tuple[AlertTopic, ...] = ()  # the topics that go on as all others of the same rhythm


# Who is due -------------------------------------------------------------------------------------------------------


def is_due(now: datetime) -> tuple:
    """Return the conditions of the people whose digest is due, or who have no time for it yet. To whoever is of no
    council, digests tell of nothing but discussions: they have none until they choose that."""
    chosen = exists().where(
        AlertChoice.user_id == User.id, AlertChoice.topic == AlertTopic.FORUM,
        or_(AlertChoice.rhythm.in_(LATER), AlertChoice.told_until.is_not(None)),
    )  # fmt: skip
    is_there = (User.status == UserStatus.ACTIVE, or_(User.council_id.is_not(None), chosen))
    return (*is_there, or_(User.digest_at.is_(None), User.digest_at <= now))


def turns(now: datetime, most: int) -> list[Turn]:
    """Return whose turn it is, at most so many."""
    people = select(User, takes(Channel.MAIL, DIGEST)).where(*is_due(now)).order_by(User.id).limit(most)
    people = people.options(joinedload(User.council).selectinload(Council.territories), selectinload(User.territories))
    found = db.session.execute(people.execution_options(populate_existing=True)).all()
    choices = _choices([person.id for person, _ in found])
    return [_turn(person, is_taken, choices[person.id], now) for person, is_taken in found]


def _choices(user_ids):
    chosen = select(AlertChoice.user_id, AlertChoice.topic, AlertChoice.rhythm, AlertChoice.told_until).where(
        AlertChoice.user_id.in_(user_ids), AlertChoice.topic.in_(TOPICS)
    )
    choices = {user_id: {topic: Choice(DEFAULT_RHYTHM[topic]) for topic in TOPICS} for user_id in user_ids}
    for user_id, topic, rhythm, told_until in db.session.execute(chosen).all():
        choices[user_id][AlertTopic(topic)] = Choice(Rhythm(rhythm), told_until)
    return choices


def _turn(person, is_taken, choices, now):
    council, until = person.council, now - MARGIN
    zone = council.zone if council else outbox.PARIS.key
    marks = {"user_id": person.id, "digest_at": following(zone, now), "daily_until": until, "weekly_until": until}
    since = {Rhythm.DAILY: person.daily_until, Rhythm.WEEKLY: person.weekly_until}
    places = frozenset(place.id for place in council.territories) if council else frozenset()
    turn = Turn(person, places, person.digest_at, choices, {}, marks, clock(zone, now).date())
    if person.digest_at is None or None in since.values():
        return turn
    if person.alerts_paused_at:  # after the pause, they are told what they have missed
        return replace(turn, marks={**marks, "daily_until": person.daily_until, "weekly_until": person.weekly_until})
    waits = since[Rhythm.WEEKLY] >= monday_before(zone, now) - MARGIN
    if waits:
        marks["weekly_until"] = since[Rhythm.WEEKLY]
    mine = {topic: one for topic, one in choices.items() if not (waits and one.rhythm == Rhythm.WEEKLY)}
    over = tuple(topic for topic, one in mine.items() if one.told_until)
    return replace(turn, windows=_windows(mine, since, until) if is_taken else {}, over=over)


def _windows(choices, since, until):
    """Return since when each topic is told. Of one that is told at once by now, or never, there may be a rest of what
    was to come in a digest."""
    windows = {}
    for topic, (rhythm, told_until) in choices.items():
        start = told_until or since.get(rhythm)
        if start and rhythm != Rhythm.NEVER:
            windows[topic] = max(start, until - LONGEST.get(rhythm, LONGEST[Rhythm.WEEKLY]))
    return windows


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
    """Return those whose turn nobody else has taken meanwhile, and who have not chosen anew; their rows are locked.
    Call it in a write transaction."""
    table, ids = User.__table__, [turn.marks["user_id"] for turn in lot]
    rows = select(table.c.id, table.c.digest_at).where(table.c.id.in_(ids)).order_by(table.c.id)
    now = dict(db.session.execute(rows.with_for_update(key_share=True)).all())
    choices = _choices(ids)
    mine = [(turn, turn.marks["user_id"]) for turn in lot]
    return [turn for turn, one in mine if now.get(one, turn) == turn.due_at and choices[one] == turn.choices]


def done(lot: list[Turn]) -> None:
    """Note up to when these people have been told, and when it is their turn again."""
    people, chosen = User.__table__, AlertChoice.__table__
    names = ("digest_at", "daily_until", "weekly_until")
    marked = update(people).where(people.c.id == bindparam("user"))
    marked = marked.values({name: bindparam(f"new_{name}") for name in names})
    rows = [{"user": turn.marks["user_id"]} | {f"new_{n}": turn.marks[n] for n in names} for turn in lot]
    told = update(chosen).where(chosen.c.user_id == bindparam("user"), chosen.c.topic == bindparam("what"))
    over = [{"user": turn.marks["user_id"], "what": topic} for turn in lot for topic in turn.over]
    for statement, values in ((marked, rows), (told.values(told_until=None), over)):
        if values:
            db.session.connection().execute(statement, values)


# What is new ------------------------------------------------------------------------------------------------------


def rows(lot: list[Turn], now: datetime) -> dict[int, dict]:
    """Return the deliveries of these people by their id, for `outbox.post_many`; none for whom nothing is new."""
    shared, heard = _shared(lot, now - MARGIN), _heard(lot, now - MARGIN)
    found = {}
    for turn in lot:
        one = turn.marks["user_id"]
        told = [*shared.get(one, ()), *heard.get(one, ())]
        if told:
            found[one] = _row(turn, sorted(told, key=lambda one: one.since, reverse=True))
    return found


def _heard(lot, until) -> dict[int, list[Heard]]:
    """Return what is new in discussions for each of these people."""
    forum = AlertTopic.FORUM
    asked = {
        turn.person.id: Asked(
            turn.windows[forum], viewer_of(turn.person), turn.choices[forum].rhythm == Rhythm.NOW
        )
        for turn in lot if forum in turn.windows
    }  # fmt: skip
    return hearing.news(asked, until)


def _shared(lot, until) -> dict[int, list[Told]]:
    """Return what is new for each of these people of what councils share."""
    asked = [turn for turn in lot if turn.person.council_id and not turn.windows.keys().isdisjoint(SHARED)]
    if not asked:
        return {}
    news = _news(asked, until)
    known = _known([turn.person.id for turn in asked], [one.publication.id for one in news])
    for_councils, for_places = _by_council(news), [one for one in news if one.publication.council_id is None]
    found = {}
    for turn in asked:
        around = [one for one in for_places if one.publication.territory_id in {None, *turn.places}]
        found[turn.person.id] = list(_told(turn, [*for_councils[turn.person.council_id], *around], known))
    return found


def _news(asked, until):
    """Return what happened in the longest window of these people that may concern one of them."""
    since = min(turn.windows[topic] for turn in asked for topic in SHARED if topic in turn.windows)
    happened = _happened(since, until)
    their_own = Publication.council_id.in_({turn.person.council_id for turn in asked})
    theirs = or_(their_own, Publication.level == Visibility.GROUPS, Publication.council_id.is_(None))
    is_new = and_(Publication.published_at > since, Publication.published_at <= until)
    # Those who look after the site may read what is hidden: to them it is no news either.
    there = (out(), Publication.hidden_at.is_(None), theirs, or_(is_new, Publication.id.in_(happened)))
    found = select(Publication).where(*there).options(*WHOLE)
    items = db.session.scalars(found.execution_options(populate_existing=True)).all()
    states = changes.states([item.id for item in items if CHANGE in happened.get(item.id, ())])
    return [_news_of(item, happened.get(item.id, {}), states.get(item.id)) for item in items]


def _happened(since, until):
    """Return what was done to events, and alerts have told: (activity, instant) by verb, by their id."""
    rows = select(Activity.subject_id, Activity.verb, Activity.created_at, Activity.dispatched_at, Activity.data)
    rows = rows.where(
        Activity.subject_type == Publication.__tablename__, Activity.verb.in_(HAPPENINGS),
        Activity.created_at > since - LATE, Activity.dispatched_at > since, Activity.dispatched_at <= until,
    )  # fmt: skip
    found = defaultdict(lambda: defaultdict(list))
    for row in db.session.execute(rows.order_by(Activity.id)):
        found[row.subject_id][row.verb].append(row)
    return found


def _news_of(item, happened, state):
    of = {verb: tuple(_happening(row, state) for row in rows) for verb, rows in happened.items()}
    return News(item, *(of.get(verb, ()) for verb in HAPPENINGS))


def _happening(row, state):
    at = datetime.fromisoformat((row.data or {}).get("last_at", row.created_at.isoformat()))
    differs = row.verb != CHANGE or bool(row.data and changes.between(row.data, state))
    return Happening(at, row.dispatched_at, differs)


def _known(user_ids, publication_ids):
    """Return when people last read of publications, by (person, publication): on the site, or in an alert."""
    read = select(Reading.user_id, Reading.publication_id, Reading.read_at)
    read = read.where(Reading.user_id.in_(user_ids), Reading.publication_id.in_(publication_ids))
    told = select(Delivery.person_id, Delivery.publication_id, func.max(Delivery.created_at))
    told = told.join(Activity, Activity.id == Delivery.activity_id).where(
        Delivery.person_id.in_(user_ids), Delivery.publication_id.in_(publication_ids),
        Activity.verb.in_(TELLING), Delivery.state != DeliveryState.FAILED,
    ).group_by(Delivery.person_id, Delivery.publication_id)  # fmt: skip
    known = {}
    for user_id, item_id, instant in (*db.session.execute(read), *db.session.execute(told)):
        known[user_id, item_id] = max(instant, known.get((user_id, item_id), instant))
    return known


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


def _told(turn, near, known) -> Iterator[Told]:
    viewer = viewer_of(turn.person)
    for one in near:
        item = one.publication
        since = turn.windows.get(AlertTopic(item.kind))
        if since and item.author_id != viewer.user_id and may_read(viewer, item):
            told = one.told(since, known.get((viewer.user_id, item.id)))
            if told:
                yield told


# Words ------------------------------------------------------------------------------------------------------------


def _row(turn, told):
    person = turn.person
    return outbox.row(
        _message(turn, told), to=person.email, name=person.name, key=f"digest:{person.id}:{turn.day}", kind=DIGEST,
        priority=Priority.DIGEST, council_id=person.council_id, person_id=person.id,
    )  # fmt: skip


def _message(turn, told):
    person, sections = turn.person, defaultdict(list)
    for one in told[:MOST]:
        sections[one.section(person)].append(one.line())
    ranks = {one.section(person)[0] for one in told}
    return Message(
        f"{plural(len(told), 'nouveauté', 'nouveautés')} {'dans votre conseil' if ranks == {OURS} else 'pour vous'}",
        (f"Bonjour {person.first_name},", "Voici ce qui est nouveau pour vous depuis le dernier résumé :"),
        link=_link(person),
        why=_why(ranks),
        sections=tuple(Section(heading, tuple(lines)) for (_, heading), lines in sorted(sections.items())),
        others=tuple(one.line() for one in told[MOST:]),
    )


def _link(person):
    if person.council_id is None:
        return "Lire le forum", site_address("community.forum.index")
    return "Tout lire sur le site", site_address("council.dashboard.show")


def _why(ranks):
    discussed = "des discussions" if not ranks.isdisjoint(hearing.RANKS) else ""
    shared = "ce que partagent votre conseil citoyen et ses groupes" if ranks - hearing.RANKS else ""
    return f"vous suivez {', et '.join(filter(None, (shared, discussed)))}"
