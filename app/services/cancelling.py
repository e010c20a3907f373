"""Events that do not take place after all."""

from sqlalchemy import and_, func, or_, select

from app.extensions import db
from app.labels import AlertTopic, Rhythm
from app.models import Event, Publication, Registration, User
from app.models.registration import STANDING
from app.models.types import utcnow
from app.notifications import dispatch, outbox
from app.notifications.recipients import concerned_by, others_than, told

USELESS = ("reminder", "alert", "registration")  # what waits in the outbox and speaks of it as of something to come
TOLD = (Rhythm.NOW, Rhythm.DAILY, Rhythm.WEEKLY)  # at once, whatever the rhythm of the others


def cancel(event: Event, reason: str, actor: User) -> None:
    """Say that an event will not take place, and why; those who registered, and those who follow it, are told at once.
    Its registrations stay as they are. Twice: nothing more happens. Call it with the event locked."""
    if event.cancelled_at is None:
        event.cancelled_at, event.cancelled_reason = utcnow(), reason
        event.remind_at = None
        db.session.flush()
        outbox.withdraw(event.id, USELESS)
        dispatch.record("event.cancelled", event, actor.id)


def may_be_cancelled(event: Event) -> bool:
    """Tell whether there is something to cancel: it is announced, and not over."""
    return not event.is_draft and event.cancelled_at is None and not event.is_over


def expected(publication: Publication, actor_id: int) -> int:
    """Return how many people, beside who takes it away, count on something: those who registered, or wait, for an event
    that is still to come."""
    if not isinstance(publication, Event) or not may_be_cancelled(publication):
        return 0
    others = or_(Registration.user_id.is_(None), Registration.user_id != actor_id)
    return db.session.scalar(select(func.count()).select_from(_standing(publication).where(others).subquery()))


def followers(event: Event, actor_id: int) -> int:
    """Return how many people are told beside those who registered: whom it concerns, by their choices."""
    registered = _standing(event).with_only_columns(Registration.user_id).where(Registration.user_id.is_not(None))
    them = and_(concerned_by(event), others_than(actor_id), User.id.not_in(registered))
    people = told(them, AlertTopic.EVENT, rhythms=TOLD).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(people))


def _standing(event):
    return select(Registration.id).where(Registration.event_id == event.id, Registration.status.in_(STANDING))
