"""What is forgotten of those who registered for events: who leaves the site, who came long ago, what nobody proved."""

from datetime import timedelta

from sqlalchemy import ColumnElement, String, cast, delete, func, literal, select, update

from app.extensions import db
from app.labels import RegistrationStatus
from app.models import Event, Registration, User
from app.models.registration import STANDING
from app.models.types import utcnow
from app.services import offers
from app.services.seats import is_of

UNPROVED_FOR = timedelta(hours=48)  # a registration whose address or number nobody has confirmed
KEPT_FOR = timedelta(days=60)  # after the event, who it was
LOT = 500  # rows forgotten at once
UNCONFIRMED = RegistrationStatus.UNCONFIRMED


def release(user: User) -> None:
    """Give back the places of somebody who leaves, at the events to come; the waiting lists move up."""
    active = (Registration.status.in_([*STANDING, UNCONFIRMED]), Event.starts_at > utcnow())
    coming = select(Registration.event_id).join(Event).where(is_of(user), *active).distinct()
    for event_id in db.session.scalars(coming.order_by(Registration.event_id.desc())).all():
        offers.lock(event_id)
        for registration in db.session.scalars(select(Registration).where(is_of(user), _at(event_id))).all():
            if registration.is_standing or registration.status == UNCONFIRMED:
                offers.leave(registration)


def _at(event_id):
    return Registration.event_id == event_id


def forget(user: User) -> None:
    """Erase who registered, of all that somebody registered for; their places are given back first."""
    release(user)
    erase(is_of(user))


def forget_unproved() -> int:
    """Drop what nobody has confirmed in time, a bounded number; return how many."""
    old = (Registration.status == UNCONFIRMED, Registration.created_at <= utcnow() - UNPROVED_FOR)
    ids = db.session.scalars(select(Registration.id).where(*old).limit(LOT)).all()
    these = delete(Registration).where(Registration.id.in_(ids), Registration.status == UNCONFIRMED)
    db.session.execute(these.execution_options(synchronize_session=False))
    return len(ids)


def forget_past() -> int:
    """Erase who came to events that ended 60 days ago, a bounded number; return how many. How many came stays known."""
    ended = func.coalesce(Event.ends_at, Event.starts_at) <= utcnow() - KEPT_FOR
    past = select(Registration.id).join(Event).where(Registration.erased_at.is_(None), ended)
    ids = db.session.scalars(past.limit(LOT)).all()
    erase(Registration.id.in_(ids))
    return len(ids)


def erase(which: ColumnElement[bool]) -> None:
    """Erase who it was, of all registrations that meet a condition; their status stays."""
    key = literal("erased:", String).concat(cast(Registration.id, String))
    values = {"name": "", "email": "", "phone": "", "answers": {}, "key": key, "user_id": None, "code_digest": ""}
    gone = update(Registration).where(which).values(values | {"erased_at": utcnow(), "code_expires_at": None})
    db.session.execute(gone.execution_options(synchronize_session=False))
