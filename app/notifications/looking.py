"""The look at a message just before it leaves: does it still tell something to somebody who may read it?"""

from sqlalchemy import exists, or_, select

from app.access import readable, viewer_of
from app.extensions import db
from app.labels import Channel, RegistrationStatus
from app.models import Delivery, Event, Publication, Reading, Registration, User
from app.notifications import outbox
from app.notifications.message import items_of, only
from app.notifications.recipients import ALERT, DIGEST, REMINDER

GONE = "Non envoyé : cette personne ne peut plus le lire."
READ = "Non envoyé : cette personne l’a lu entre-temps sur le site."
PAUSED = "Non envoyé : cette personne a mis ses alertes en pause."
MOVED = "Non envoyé : l’événement a été annulé, déplacé ou retiré."
LEFT = "Non envoyé : cette personne n’est plus inscrite."


def objection(delivery: Delivery) -> str:
    """Return why a claimed message must not leave any more, in French; nothing when it may.

    A digest loses what its reader may no longer read. Call it in the write transaction that hands the message over.
    Messages about one's own registration, or account, hang on no right to read.
    """
    looks = {ALERT: _alert, REMINDER: _reminder, DIGEST: _digest}
    if delivery.kind not in looks or (delivery.person_id is None and delivery.publication_id is None):
        return ""
    person = db.session.get(User, delivery.person_id) if delivery.person_id else None
    if person is not None and person.alerts_paused_at:
        return PAUSED
    return looks[delivery.kind](delivery, person)


def _alert(delivery, person):
    if person is None or not _may_still_read(delivery, person):
        return GONE
    return READ if _has_read_since(delivery, person.id) else ""


def _may_still_read(delivery, person):
    its_own = (Publication.id == (delivery.publication_id or 0), readable(Publication, viewer_of(person)))
    return db.session.scalar(select(exists().where(*its_own)))


def _has_read_since(delivery, user_id):
    there = (Reading.user_id == user_id, Reading.publication_id == delivery.publication_id)
    return db.session.scalar(select(exists().where(*there, Reading.read_at >= delivery.created_at)))


def _reminder(delivery, person):
    """A reminder is for whoever has a place, and for members who may read of an event that they have not declined."""
    event = db.session.get(Event, delivery.publication_id or 0)
    if event is None or event.starts_at != delivery.useful_until or not _takes_place(event):
        return MOVED
    statuses = set(db.session.scalars(_statuses(delivery)))
    if RegistrationStatus.CONFIRMED in statuses:
        return ""
    if person is None or RegistrationStatus.CANCELLED in statuses:
        return LEFT
    return "" if _may_still_read(delivery, person) else GONE


def _takes_place(event):
    return event.published_at and not any((event.cancelled_at, event.deleted_at, event.withdrawn_at, event.hidden_at))


def _statuses(delivery):
    column = Registration.email if delivery.channel == Channel.MAIL else Registration.phone
    is_theirs = or_(Registration.user_id == (delivery.person_id or 0), column == delivery.recipient)
    return select(Registration.status).where(Registration.event_id == delivery.publication_id, is_theirs)


def _digest(delivery, person):
    """Leave what the person may read and has not read; nothing left is no digest."""
    ids = items_of(delivery.content)
    if person is None:
        return GONE
    read = exists().where(
        Reading.user_id == person.id, Reading.publication_id == Publication.id, Reading.read_at >= delivery.created_at
    )
    mine = select(Publication.id).where(Publication.id.in_(ids), readable(Publication, viewer_of(person)), ~read)
    left = set(db.session.scalars(mine))
    if left != ids:
        outbox.rewrite(delivery, delivery.owner, only(delivery.content, left))
    return "" if delivery.content["sections"] else GONE
