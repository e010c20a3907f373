"""The seats of an event: how many are left, and why nobody can register for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.extensions import db
from app.labels import RegistrationStatus, Visibility
from app.models import Event, Publication, Registration, User
from app.models.registration import HOLDING
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.notifications.publications import deadline
from app.services.shelves import checked_last

WAITING, OFFERED, CONFIRMED = RegistrationStatus.WAITING, RegistrationStatus.OFFERED, RegistrationStatus.CONFIRMED
UNCONFIRMED = RegistrationStatus.UNCONFIRMED


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


def key_of(user: User | None, email: str = "", phone: str = "") -> str:
    """Return what tells one person from the others at an event: an account, else an address, else a number; nothing
    of somebody who gave none."""
    if user is not None:
        return f"user:{user.id}"
    return f"mail:{email}" if email else f"tel:{phone}" if phone else ""


def asked_key(email: str, phone: str = "") -> str:
    """Return the key of a form whose address, or number, nobody has proved: it stands aside from the person's own."""
    return f"ask:{email or phone}"


def is_of(user: User) -> ColumnElement[bool]:
    """Return the condition of what is of somebody: by their account, or by its mail address, proved or not."""
    keys = [key_of(user), key_of(None, user.email), asked_key(user.email)]
    return or_(Registration.user_id == user.id, Registration.key.in_(keys))


def state_of(event: Event) -> State:
    """Return how an event stands, with one query."""
    rows = select(Registration.status, func.count()).where(Registration.event_id == event.id)
    return State(dict(db.session.execute(rows.group_by(Registration.status)).all()), event.seats, closed(event))


def closed(event: Event, *, is_by_hand: bool = False) -> str:
    """Return the sentence that says why nobody can register now; nothing when one can, be it for the waiting list.
    The organiser, who writes people down by hand, is not bound to the time."""
    if event.cancelled_at or event.is_gone or event.is_draft:
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


def is_on(event: Event) -> bool:
    """Tell whether places still change hands: it takes place, people register for it, and it has not begun."""
    return event.takes_registrations and event.takes_place and not event.has_begun


def has_passed(since: datetime, until: datetime) -> bool:
    """Tell whether an event that visitors see began, ended or closed its registrations in this time: their pages say
    so from then on."""
    shown = checked_last(and_(Event.level == Visibility.PUBLIC, Event.published_at.is_not(None)))
    instants = (Event.starts_at, Event.ends_at, Event.register_until)
    passed = (select(Event.id).where(column > since, column <= until, shown).limit(1) for column in instants)
    return any(db.session.scalar(there) is not None for there in passed)


def has_changed(event: Event) -> None:
    """Renew the pages of visitors, where these tell how many places are left."""
    if event.seats is not None and event.level == Visibility.PUBLIC:
        renew(PAGES)
