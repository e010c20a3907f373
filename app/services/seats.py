"""The seats of an event: how many are left, and why nobody can register for it."""

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import func, select, true

from app import localtime
from app.access import VISITOR, may_read, viewer_of
from app.extensions import db
from app.labels import OPEN, RegistrationStatus, Visibility
from app.models import Event, Publication, Registration
from app.models.registration import HOLDING
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.templating import sitting, weekday

LAST_MINUTE = time(23, 59)  # of a day without its hour
WAITING, OFFERED, CONFIRMED = RegistrationStatus.WAITING, RegistrationStatus.OFFERED, RegistrationStatus.CONFIRMED


@dataclass(frozen=True)
class State:
    """How an event stands: how many there are of each status, `seats` (None: no limit), and why nobody can register
    now, in French (nothing: one can)."""

    counts: dict[str, int]
    seats: int | None
    closed: str

    @property
    def held(self) -> int:
        """How many seats are taken, or kept for somebody."""
        return sum(self.counts.get(status, 0) for status in HOLDING)

    @property
    def left(self) -> int | None:
        """How many seats are free; None without a limit."""
        return None if self.seats is None else max(0, self.seats - self.held)

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return self.counts.get(WAITING, 0)

    @property
    def confirmed(self) -> int:
        """How many come."""
        return self.counts.get(CONFIRMED, 0)

    @property
    def offered(self) -> int:
        """How many places are kept for somebody who has not answered yet."""
        return self.counts.get(OFFERED, 0)

    @property
    def is_full(self) -> bool:
        """Whether whoever comes now goes to the end of the waiting list."""
        return self.waiting > 0 or self.left == 0


def lock(event_id: int) -> Event | None:
    """Return an event, locked, as it is at this instant; None when it is no more."""
    row = select(Event).where(Event.id == event_id).with_for_update(of=Publication, key_share=True)
    return db.session.scalar(row.execution_options(populate_existing=True))


def state_of(event: Event) -> State:
    """Return how an event stands, with one query."""
    rows = select(Registration.status, func.count()).where(Registration.event_id == event.id)
    return State(dict(db.session.execute(rows.group_by(Registration.status)).all()), event.seats, closed(event))


def closed(event: Event, *, is_by_hand: bool = False) -> str:
    """Return the sentence that says why nobody can register now; nothing when one can, be it for the waiting list.
    The organiser, who writes people down by hand, is not bound to the time."""
    if event.cancelled_at or event.deleted_at or event.withdrawn_at or event.is_draft:
        return "Cet événement n’a pas lieu : il n’y a plus d’inscription."
    if event.hidden_at:
        return "Les inscriptions sont arrêtées : la modération relit cette annonce."
    if not event.takes_registrations:
        return "Il n’y a pas d’inscription à cet événement."
    return "" if is_by_hand else _too_late(event)


def _too_late(event):
    if event.is_over:
        return "Cet événement est passé."
    if event.has_begun:
        return "L’événement a commencé : on ne peut plus s’inscrire."
    if event.register_until and event.register_until <= utcnow():
        return f"Les inscriptions sont closes depuis le {deadline(event)}."
    return ""


def deadline(event: Event) -> str:
    """Say until when one may register: a day, or a day and an hour; nothing without a deadline."""
    if event.register_until is None:
        return ""
    local = localtime.clock(event.time_zone, event.register_until)
    is_day = local.time().replace(second=0, microsecond=0) == LAST_MINUTE
    return weekday(local) if is_day else sitting(event.register_until, None, event.time_zone)


def is_on(event: Event) -> bool:
    """Tell whether places still change hands: it takes place, people register for it, and it has not begun."""
    is_off = event.cancelled_at or event.deleted_at or event.withdrawn_at or event.hidden_at or event.is_draft
    return event.takes_registrations and not is_off and not event.has_begun


def may_come(registration: Registration) -> bool:
    """Tell whether this person may still read what they registered for; whoever the organiser wrote down may."""
    event, user = registration.event, registration.user
    if user is None:
        return registration.entered_by_id is not None or may_read(VISITOR, event)
    return user.status in OPEN and may_read(viewer_of(user), event)


def has_passed(since: datetime, until: datetime) -> bool:
    """Tell whether an event that visitors see began, ended or closed its registrations in this time: their pages say
    so from then on."""
    shown = (Event.level == Visibility.PUBLIC, Event.published_at.is_not(None))
    for column in (Event.starts_at, Event.ends_at, Event.register_until):
        closes = Event.starts_at > since if column is Event.register_until else true()
        there = select(Event.id).where(*shown, column > since, column <= until, closes).limit(1)
        if db.session.scalar(there) is not None:
            return True
    return False


def has_changed(event: Event) -> None:
    """Renew the pages of visitors, where these tell how many places are left."""
    if event.seats is not None and event.level == Visibility.PUBLIC:
        renew(PAGES)
