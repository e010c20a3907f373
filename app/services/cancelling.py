"""Events that do not take place after all."""

from dataclasses import dataclass

from flask import current_app
from sqlalchemy import and_, case, func, or_, select

from app.extensions import db
from app.labels import AlertTopic, Rhythm
from app.models import Event, Publication, Registration, User
from app.models.registration import STANDING
from app.models.types import utcnow
from app.notifications import dispatch, gsm, organisers, outbox
from app.notifications.publications import address_of
from app.notifications.recipients import concerned_by, others_than, told
from app.templating import sitting

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


@dataclass(frozen=True)
class Concerned:
    """Whom it concerns that an event does not take place: how many people who registered, or wait, are told
    (`expected`), how many of them nothing reaches (`unreached`), how many members are told who follow events
    (`followers`); `texts`: the SMS among all that, which cost about `cents`."""

    expected: int = 0
    unreached: int = 0
    followers: int = 0
    texts: int = 0
    cents: float = 0

    @property
    def told(self) -> int:
        """How many people are told."""
        return self.expected + self.followers


def concerned(publication: Publication, actor_id: int) -> Concerned:
    """Return whom it concerns, beside who takes it away, that something is not there any more: nobody, unless it is an
    event that is still to come."""
    if not isinstance(publication, Event) or not may_be_cancelled(publication):
        return Concerned()
    reached = organisers.reached(publication)["all"]
    followers, by_sms = _followers(publication, actor_id)
    expected, texts = _expected(publication, actor_id) - reached.nobody, reached.texts + by_sms
    return Concerned(expected, reached.nobody, followers, texts, texts * _price(publication))


def _price(event):
    """Return what one SMS about it costs, in cents."""
    when = f", {sitting(event.starts_at, event.ends_at, event.time_zone)}" if event.starts_at else ""
    text = gsm.shorten(f"Annulé : {event.title}{when}", link=address_of(event))
    return gsm.segments(text) * current_app.config["SMS_COST_CENTS"]


def _expected(publication, actor_id):
    others = or_(Registration.user_id.is_(None), Registration.user_id != actor_id)
    return db.session.scalar(select(func.count()).select_from(_standing(publication).where(others).subquery()))


def _followers(event, actor_id):
    """Return how many people are told beside those who registered, whom it concerns and by their choices, and how many
    of them by SMS."""
    registered = _standing(event).with_only_columns(Registration.user_id).where(Registration.user_id.is_not(None))
    them = and_(concerned_by(event), others_than(actor_id), User.id.not_in(registered))
    people = told(them, AlertTopic.EVENT, rhythms=TOLD).order_by(None).subquery()
    by_sms = func.coalesce(func.sum(case((people.c.by_sms, 1), else_=0)), 0)
    return db.session.execute(select(func.count(), by_sms).select_from(people)).one()


def _standing(event):
    return select(Registration.id).where(Registration.event_id == event.id, Registration.status.in_(STANDING))
