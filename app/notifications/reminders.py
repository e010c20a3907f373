"""Reminders of what takes place: who is reminded of which event, and in which words."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased, joinedload, selectinload

from app.access import may_read, may_register, members_of, out, viewer_of
from app.extensions import db
from app.labels import AlertTopic, Channel, Priority, RegistrationStatus, Rhythm, Visibility
from app.localtime import clock
from app.models import Activity, AlertChoice, Delivery, Event, Group, Publication, Registration, User
from app.models.registration import HOLDING
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.message import Message
from app.notifications.publications import SEE_EVENT, address_of, registered_link
from app.notifications.recipients import (
    ALERT,
    REMINDER,
    as_registered,
    chosen,
    concerned_by,
    registered,
    rhythm_of,
    told,
)
from app.notifications.registrations import until_words
from app.templating import clock as said_hour
from app.templating import quoted, sitting, weekday

TELLING = ("event.published", "event.changed", "event.cancelled")
HELD = timedelta(minutes=20)  # an alert of a change leaves a quarter of an hour after it; a broken one holds up nothing
Offer = aliased(Registration)
WHOLE = (
    joinedload(Publication.council),
    joinedload(Publication.author),
    selectinload(Publication.groups).selectinload(Group.councils),
)


def is_due(now: datetime) -> tuple:
    """Return the conditions of the events whose reminders are due, and of those for which it is too late by now.

    A draft, and what is in the bin or hidden, wait: they may still come back in time. So does what alerts are about to
    tell: one message a day is enough.
    """
    is_being_told = exists().where(
        Activity.subject_type == Publication.__tablename__, Activity.subject_id == Event.id,
        Activity.verb.in_(TELLING), Activity.dispatched_at.is_(None), Activity.created_at > now - HELD,
    )  # fmt: skip
    is_shown = and_(out(), Event.hidden_at.is_(None), Event.cancelled_at.is_(None), ~is_being_told)
    return (Event.remind_at <= now, or_(Event.starts_at <= now, is_shown))


def is_any_due() -> bool:
    """Tell whether `due` would find an event."""
    return db.session.scalar(select(Event.id).where(*is_due(utcnow())).limit(1)) is not None


def due(most: int) -> list[Event]:
    """Return some of the events whose reminders are due, those that begin first."""
    soonest = select(Event).where(*is_due(utcnow())).order_by(Event.starts_at, Event.id).limit(most)
    return list(db.session.scalars(soonest.options(*WHOLE).execution_options(populate_existing=True)))


def still_due(marks: dict[int, datetime]) -> set[int]:
    """Return which of these events (when their reminders were due, by id) were not moved meanwhile; their rows are
    locked. Call it in a write transaction."""
    table = Event.__table__
    rows = select(table.c.id, table.c.remind_at).where(table.c.id.in_(marks)).order_by(table.c.id)
    return {one for one, remind_at in db.session.execute(rows.with_for_update()).all() if remind_at == marks[one]}


def done(event_ids: Collection[int]) -> None:
    """Note that the reminders of these events are in the outbox."""
    table = Event.__table__
    db.session.execute(update(table).where(table.c.id.in_(event_ids)).values(remind_at=None))


def rows(events: list[Event]) -> dict[int, list[dict]]:
    """Return the deliveries that remind people of these events, by the id of the event, for `outbox.post_many`: of
    those who have a place, by their choices when they have an account, and of the members whom it concerns. None of
    what has begun."""
    coming = [event for event in events if event.starts_at > utcnow()]
    placed, members = defaultdict(list), defaultdict(list)
    for event_id, *one in _with_a_place([event.id for event in coming]):
        placed[event_id].append(one)
    for event, *one in _members(_open_to_more(coming)):
        members[event.id].append(one)
    return {event.id: list(_rows_of(event, placed[event.id], members[event.id])) for event in events}


def _rows_of(event, placed, members):
    taken, page, words = set(), address_of(event), _message(event, has_place=True)
    for one, mail, number in placed:
        taken |= {one.key, one.email}
        said = _to(words, one.name, registered_link(event, one, page))
        yield from _rows(event, one.key, one.user_id, one.name, mail, number, said)
    words = _message(event, has_place=False)
    for person, by_mail, by_sms, kept_until in members:
        if taken.isdisjoint((str(person.id), person.email)):
            offer = _message(event, has_place=False, kept_until=kept_until) if kept_until else words
            said = _to(offer, person.first_name, page)
            mail, number = person.email if by_mail else "", person.phone if by_sms else ""
            yield from _rows(event, str(person.id), person.id, person.name, mail, number, said)


def _with_a_place(event_ids):
    """Yield the id of an event, who has a place there, and the mail address and the number to use, or "" for each:
    whoever got their place since the reminder was due has just been told."""
    people = registered(event_ids, [RegistrationStatus.CONFIRMED]).add_columns(
        rhythm_of(AlertTopic.REMINDER).label("rhythm"), AlertChoice.by_sms, User.alerts_paused_at,
        User.phone.label("mobile"), User.phone_confirmed_at,
        (Registration.placed_at >= Event.remind_at).label("was_told"),
    )  # fmt: skip
    people = people.join(Event, Event.id == Registration.event_id)
    for row in db.session.execute(people.outerjoin(AlertChoice, chosen(AlertTopic.REMINDER))).all():
        one = as_registered(row)
        if one is not None and row.was_told:
            yield row.event_id, one, "", ""
        elif one is not None and one.user_id is None:
            yield row.event_id, one, one.email, "" if one.email else one.phone
        elif one is not None and row.alerts_paused_at is None:
            is_texted = row.by_sms and row.phone_confirmed_at
            yield row.event_id, one, one.email if row.rhythm == Rhythm.NOW else "", row.mobile if is_texted else ""


def _open_to_more(events):
    """Return the events that others than those who have a place may still come to."""
    limited = [event.id for event in events if event.takes_registrations and event.seats is not None]
    holding = select(Registration.event_id, func.count()).where(Registration.status.in_(HOLDING))
    held = holding.where(Registration.event_id.in_(limited)).group_by(Registration.event_id)
    full = {event_id: count for event_id, count in db.session.execute(held).all()} if limited else {}
    return [event for event in events if not event.takes_registrations or _has_room(event, full.get(event.id, 0))]


def _has_room(event, held):
    return event.closes_at > utcnow() and (event.seats is None or held < event.seats)


def _members(events):
    """Yield an event, a member whom it concerns and who may come, whether by mail and by SMS, and until when a place is
    kept for them, if one is. Most events concern one council: these are asked for at once."""
    alone = {event.id for event in events if event.council_id is None or event.level == Visibility.GROUPS}
    known = {event.id: event for event in events}
    circles = [(known.keys() - alone, members_of(Event.council_id))]
    circles += [({event_id}, concerned_by(known[event_id])) for event_id in sorted(alone)]
    for ids, them in circles:
        listening = told(_not_told_today(), AlertTopic.REMINDER, kind=REMINDER)
        listening = listening.join(Event, and_(Event.id.in_(ids), them)).outerjoin(Offer, _is_theirs())
        listening = listening.add_columns(Event.id, Offer.offered_until)
        for person, by_mail, by_sms, event_id, kept_until in db.session.execute(listening).all():
            event, viewer = known[event_id], viewer_of(person)
            if may_read(viewer, event) and (not event.takes_registrations or may_register(viewer, event)):
                yield event, person, by_mail, by_sms, kept_until


def _is_theirs():
    """Return the condition that a place is kept for a person."""
    its_own = (Offer.event_id == Event.id, Offer.user_id == User.id)
    return and_(*its_own, Offer.status == RegistrationStatus.OFFERED)


def _not_told_today():
    """Return the condition of the members who have not declined, and whom no alert has told of the event since its
    reminder was due: one message a day is enough."""
    declined = exists().where(
        Registration.event_id == Event.id, Registration.user_id == User.id,
        Registration.status == RegistrationStatus.CANCELLED,
    )  # fmt: skip
    alerted = exists().where(
        Delivery.publication_id == Event.id, Delivery.person_id == User.id, Delivery.kind == ALERT,
        Delivery.created_at >= Event.remind_at,
    )  # fmt: skip
    return and_(~declined, ~alerted)


def _rows(event, key, user_id, name, mail, number, message):
    day = clock(event.time_zone, event.starts_at).date()
    columns = {
        "kind": REMINDER, "priority": Priority.REMINDER, "name": name, "council_id": event.council_id,
        "person_id": user_id, "publication_id": event.id, "useful_until": event.starts_at,
    }  # fmt: skip
    for channel, address in ((Channel.MAIL, mail), (Channel.SMS, number)):
        if address:
            unique = f"reminder:{event.id}:{day}:{key}:{channel}"
            yield outbox.row(message, to=address, key=unique, channel=channel, **columns)


# Words ------------------------------------------------------------------------------------------------------------


def _to(words, name, link):
    """Address the words, which are the same for all, to one person."""
    return replace(words, paragraphs=(f"Bonjour {name},", *words.paragraphs), link=(SEE_EVENT, link))


def _message(event, *, has_place, kept_until=None):
    local = clock(event.time_zone, event.starts_at)
    when = f"{weekday(local).removesuffix(f' {local.year}')} à {said_hour(local)}"
    tells_where = has_place or event.level == Visibility.PUBLIC  # mails are passed on
    where = ", ".join(filter(None, (event.place, event.address))) if tells_where else ""
    return Message(
        f"Rappel, {when} : {event.title}",
        (
            "C’est pour bientôt :",
            quoted(event.title),
            sitting(event.starts_at, event.ends_at, event.time_zone),
            *([where] if where else []),
            *_whether_to_register(event, has_place, kept_until),
        ),
        short=f"Rappel, {when} : {event.title}{f', {event.place}' if where and event.place else ''}",
        why="vous avez une place à cet événement" if has_place else "cet événement concerne votre conseil citoyen",
    )


def _whether_to_register(event, has_place, kept_until):
    if has_place:
        yield "Votre place est réservée. Vous ne pouvez pas venir ? Dites-le sur le site : elle servira à quelqu’un."
    elif kept_until:
        yield f"Une place est gardée pour vous. Dites si vous la prenez, avant : {until_words(event, kept_until)}."
    elif event.takes_registrations:
        yield "Pour venir, il faut une inscription. Il reste de la place : inscrivez-vous sur le site."
