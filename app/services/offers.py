"""The places at an event: whose turn it is, and what becomes of a place that falls free.

Whatever changes a registration is called in a write transaction with the event locked (`lock`). Of two events, the one
that follows is locked first, then the one it follows.
"""

from datetime import datetime, time, timedelta

from sqlalchemy import and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from app import localtime
from app.access import comes, may_come, out
from app.extensions import db
from app.labels import RegistrationStatus
from app.models import Event, Publication, Registration, User
from app.models.registration import HOLDING
from app.models.types import utcnow
from app.notifications import outbox, registrations, texting
from app.services.seats import (
    CONFIRMED,
    OFFERED,
    UNCONFIRMED,
    WAITING,
    has_changed,
    is_on,
    key_of,
    lock,
    state_of,
)

USUAL, LATE = timedelta(hours=24), timedelta(hours=2)  # to answer an offer; on the last day
EVENING, MORNING = time(22), time(8)  # nobody answers between the two
LOT = 50  # offers made at once; the job makes the others


# Turns ------------------------------------------------------------------------------------------------------------


def rank_of(registration: Registration) -> int:
    """Return the rank on the waiting list, from 1; 0 for whoever does not wait."""
    if registration.status != WAITING:
        return 0
    mine = tuple_(registration.queued_at, registration.id)
    before = tuple_(Registration.queued_at, Registration.id) <= mine
    waiting = (Registration.event_id == registration.event_id, Registration.status == WAITING)
    return db.session.scalar(select(func.count()).where(*waiting, before))


def advance(event: Event, most: int = LOT) -> int:
    """Offer each free place to the next in line; return how many. Without a limit of seats, they simply have one; so
    has whoever nothing can be sent to, and the organiser is told to tell them.

    Who may not read the event any more, or whose account is suspended, keeps their rank and is passed over. Those who
    wait for the event that this one follows come first, as soon as people register for this one.
    """
    db.session.flush()
    brought = _bring_first(event)
    state = state_of(event)
    most = max(most, len(brought))
    free = most if state.left is None else min(most, state.left)
    turns = _in_turn(event, free) if is_on(event) and state.waiting and free else []
    told = [row for one in turns for row in _offer(one)]
    db.session.flush()
    queue = [one for one in (_in_turn(event, None) if brought else ()) if one in brought]
    outbox.post_many([*told, *(row for rank, one in enumerate(queue, 1) for row in registrations.queued(one, rank))])
    if turns:
        has_changed(event)
    return len(turns)


def _in_turn(event, most):
    """Return who waits and may come, in their order."""
    rows = select(Registration).join(Publication, Publication.id == Registration.event_id).outerjoin(Registration.user)
    rows = rows.where(Registration.event_id == event.id, Registration.status == WAITING, comes())
    rows = rows.options(contains_eager(Registration.user).selectinload(User.alert_choices))
    return db.session.scalars(rows.order_by(Registration.queued_at, Registration.id).limit(most)).all()


def _offer(registration):
    """Let somebody have a free place, at once or when they say yes; return the messages that tell."""
    event, is_reached = registration.event, bool(registrations.reach(registration))
    if is_reached and (event.seats is not None or event.follows_id is not None):
        registration.status, registration.offered_until = OFFERED, _end_of_offer(registration)
        return registrations.offered(registration)
    give(registration)
    return registrations.placed(registration) if is_reached else registrations.to_be_told(registration)


def give(registration: Registration) -> None:
    """Give a place to somebody. Whoever is on the waiting list of the event that this one follows leaves it."""
    registration.status, registration.placed_at = CONFIRMED, utcnow()
    registration.offered_until = registration.ended_at = None
    event, user = registration.event, registration.user
    if event.follows_id and (followed := lock(event.follows_id)):
        keys = {registration.key, key_of(None, user.email)} if user else {registration.key}
        rows = select(Registration).where(Registration.event_id == followed.id, Registration.key.in_(keys))
        for former in db.session.scalars(rows.where(Registration.status.in_([WAITING, OFFERED]))).all():
            leave(former)


def _end_of_offer(registration):
    """Return until when a place is kept: 24 hours; on the last day two, which begin in the morning for an offer of the
    night. Never longer than until the beginning."""
    event, now = registration.event, utcnow()
    if event.starts_at is None or event.starts_at - now > USUAL:
        return now + USUAL
    local = localtime.clock(event.time_zone, now)
    evening = texting.UNTIL if registrations.is_by_sms_alone(registration) else EVENING
    until = now + LATE
    if not MORNING <= local.time() < evening:
        morning = local.date() + timedelta(days=local.time() >= evening)
        until = localtime.at(event.time_zone, morning, MORNING) + LATE
    return min(until, event.starts_at)


def is_answerable(registration: Registration) -> bool:
    """Tell whether the place that is offered may still be taken."""
    is_offered = registration.status == OFFERED and registration.offered_until > utcnow()
    return is_offered and is_on(registration.event) and may_come(registration)


def accept(registration: Registration) -> bool:
    """Take the place that is offered; False when it is too late, or nothing is offered. Twice is the same."""
    if registration.status == CONFIRMED:
        return True
    event = registration.event
    if registration.status == OFFERED and registration.offered_until <= utcnow():
        lapse(event)
    if not is_answerable(registration):
        return False
    give(registration)
    db.session.flush()
    outbox.post_many(registrations.placed(registration))
    return True


def leave(registration: Registration) -> None:
    """Take somebody off the list, without a word to them; their place, if they had one, goes to the next in line."""
    had_place = registration.status in HOLDING
    registration.status, registration.ended_at = RegistrationStatus.CANCELLED, utcnow()
    registration.offered_until = None
    db.session.flush()
    if had_place:
        has_changed(registration.event)
        advance(registration.event)


def offer_first(event: Event) -> None:
    """Bring those who wait for the event that this one follows, in their order, to this one: an offer for each place,
    the others on its waiting list. For others than such an event, or once it is done, it does nothing."""
    if event.follows_id:
        advance(event)


def _bring_first(event):
    """Return those who come along from the waiting list of the event that this one follows, if anybody does. Once
    people have registered here, it is done."""
    here = select(Registration.id).where(Registration.event_id == event.id, Registration.status != UNCONFIRMED)
    if not event.follows_id or not is_on(event) or db.session.scalar(here.limit(1)) is not None:
        return []
    followed = lock(event.follows_id)
    former = select(Registration).where(Registration.event_id == event.follows_id, Registration.status == WAITING)
    former = former.order_by(Registration.queued_at, Registration.id).options(joinedload(Registration.user))
    people = [_bring(one, event) for one in db.session.scalars(former)] if followed else []
    brought = [one for one in people if may_come(one)]
    db.session.add_all(brought)
    db.session.flush()
    return brought


def _bring(former, event):
    copied = ("user", "key", "name", "email", "phone", "entered_by_id", "queued_at")
    answers = {code: text for code, text in former.answers.items() if code in event.asked and code != "own"}
    columns = {name: getattr(former, name) for name in copied}
    return Registration(event_id=event.id, event=event, status=WAITING, answers=answers, **columns)


# Offers that nobody answers ---------------------------------------------------------------------------------------


def lapse(event: Event) -> None:
    """Pass on the places whose offer is over. When the event has begun, or does not take place, nobody gets them:
    those whom they were offered to wait as before."""
    due = (Registration.event_id == event.id, Registration.status == OFFERED, Registration.offered_until <= utcnow())
    told = []
    for registration in db.session.scalars(select(Registration).where(*due).options(joinedload(Registration.user))):
        registration.offered_until = None
        if is_on(event):
            registration.status, registration.ended_at = RegistrationStatus.LAPSED, utcnow()
            told += registrations.lapsed(registration)
        else:
            registration.status = WAITING
    db.session.flush()
    outbox.post_many(told)
    advance(event)


def is_any_due() -> bool:
    """Tell whether an offer is over."""
    return db.session.scalar(select(Registration.id).where(*_is_over(utcnow())).limit(1)) is not None


def due_events(most: int) -> list[int]:
    """Return the ids of the events where an offer is over, a place is free for somebody who waits, or those who wait
    for the event that it follows are still to be brought: what is due for longest, or begins first."""
    over = select(Registration.event_id).where(*_is_over(utcnow())).order_by(Registration.offered_until)
    here = (Registration.event_id == Event.id, Registration.status != UNCONFIRMED)
    held = select(func.count()).where(Registration.event_id == Event.id, Registration.status.in_(HOLDING))
    has_room = or_(Event.seats.is_(None), Event.seats > held.scalar_subquery())
    brings = and_(~exists().where(*here), _is_awaited(Event.follows_id))
    runs = (Event.takes_registrations, Event.starts_at > utcnow(), Event.cancelled_at.is_(None), out())
    free = select(Event.id).where(*runs, Event.hidden_at.is_(None), has_room, or_(_is_awaited(Event.id), brings))
    free = free.order_by(Event.starts_at, Event.id)
    return [*dict.fromkeys(row for rows in (over, free) for row in db.session.scalars(rows.limit(most)))]


def _is_awaited(event_id):
    """Return the condition that somebody waits for the event of this column who may come to the one that is asked."""
    people = select(Registration.id).outerjoin(Registration.user)
    return people.where(Registration.event_id == event_id, Registration.status == WAITING, comes()).exists()


def _is_over(now: datetime):
    return Registration.offered_until <= now, Registration.status == OFFERED


def pass_on(event_id: int) -> None:
    """Pass on the places of one event whose offer is over. Two at once: the second one finds nothing to do."""
    if event := lock(event_id):
        lapse(event)
