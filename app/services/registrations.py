"""Registering for an event: with an account, with a mail address or a number of one's own, or by the organiser's hand.

Whatever changes a registration is called in a write transaction with the event locked; see `services.offers`.
"""

from uuid import uuid4

from sqlalchemy import case, delete, select

from app.access import VISITOR, may_read, may_register, viewer_of
from app.extensions import db
from app.labels import OPEN, Channel, RegistrationStatus, UserStatus
from app.models import Event, Registration, User
from app.models.registration import STANDING
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications import registrations as messages
from app.services import accounts, codes, offers, seats
from app.services.codes import Outcome
from app.services.seats import UNCONFIRMED, asked_key, closed, is_of, key_of
from app.signing import read_short, short

CODE = "registration code"  # what the token of the page of a code is for
NOT_YOURS = (
    "Depuis votre demande, cet événement n’est plus ouvert à tout le monde : vous ne pouvez pas avoir de place. "
    "Adressez-vous à l’organisateur."
)


class Closed(Exception):
    """Nobody can register now; the text is the French sentence that says why."""


def register(
    event: Event,
    *,
    name: str,
    user: User | None = None,
    email: str = "",
    phone: str = "",
    answers: dict | None = None,
    entered_by: User | None = None,
) -> Registration:
    """Give somebody a place, or a rank on the waiting list when it is full. The same person again (the same account,
    mail address or number) returns the standing registration. `phone` in E.164; `answers` by code of `event.asked`.

    What the organiser enters by hand (`entered_by`) is not bound to the deadline. Raises `Closed`.
    """
    email = accounts.normal_email(email)
    user = user or _owner_of(email)
    offers.offer_first(event)
    found = _find(event, user, email, phone)
    if found is not None and found.is_standing:
        return _join(found, user)
    _require_open(event, is_by_hand=entered_by is not None)
    registration = found or Registration(event_id=event.id, event=event, created_at=utcnow())
    _fill(registration, user, name, email, phone, answers)
    registration.entered_by_id = entered_by.id if entered_by else None
    _take_place(registration)
    return registration


def _require_open(event, *, is_by_hand=False):
    if why := closed(event, is_by_hand=is_by_hand):
        raise Closed(why)


def _owner_of(email):
    """Return the account that has this address, be it one that waits for its validation, or a suspended one."""
    there = User.status.in_([*OPEN, UserStatus.SUSPENDED])
    return db.session.scalar(select(User).where(User.email == email, there)) if email else None


def _find(event, user, email, phone):
    """Return what this person has registered already: what stands first."""
    keys = {key_of(None, email or (user.email if user else ""), "" if user else phone)}
    if user is not None:
        keys.add(key_of(user))
    rows = select(Registration).where(Registration.event_id == event.id, Registration.key.in_(keys - {""}))
    return db.session.scalar(rows.order_by(*_best(user)).limit(1))


def _best(user):
    """Return the order that puts first what stands, then what is of the account."""
    is_theirs = Registration.user_id == (user.id if user else 0)
    return case((Registration.status.in_(STANDING), 0), else_=1), case((is_theirs, 0), else_=1), Registration.id


def _fill(registration, user, name, email, phone, answers):
    user = user if user is not None and user.status in OPEN else None  # nothing is sent to a suspended account
    registration.user, registration.name = user, name
    registration.email, registration.phone = ("" if user else email), phone
    registration.answers = answers or {}


def _join(registration, user):
    """Note that a registration is of this account, where nothing else stands."""
    if user is not None and user.status in OPEN and registration.user_id is None:
        _take_key(registration, key_of(user))
        registration.user, registration.email = user, ""
        db.session.flush()
    return registration


def _take_key(registration, key):
    """Let a registration be the one of its key: another one, which has ended, makes room."""
    others = (Registration.event_id == registration.event.id, Registration.id != (registration.id or 0))
    with db.session.no_autoflush:
        db.session.execute(delete(Registration).where(*others, Registration.key == key))
    registration.key = key


def _take_place(registration):
    """Give a place, or a rank, and tell. Nobody overtakes those who wait."""
    event = registration.event
    key = key_of(registration.user, registration.email, registration.phone)
    _take_key(registration, key or f"hand:{uuid4().hex}")
    is_full = seats.state_of(event).is_full
    registration.queued_at, registration.ended_at, registration.offered_until = utcnow(), None, None
    if is_full:
        registration.status = RegistrationStatus.WAITING
    else:
        offers.give(registration)
    db.session.add(registration)
    db.session.flush()
    _drop_asked(registration)
    rank = offers.rank_of(registration)
    outbox.post_many(messages.queued(registration, rank) if is_full else messages.placed(registration))
    offers.has_changed(event)


def _drop_asked(registration):
    """Drop the form of this person that nobody has confirmed: it is not needed any more."""
    emails = {registration.email, registration.user.email if registration.user else ""} - {""}
    keys = [*map(asked_key, emails), asked_key("", registration.phone)]
    asked = delete(Registration).where(Registration.event_id == registration.event_id, Registration.key.in_(keys))
    db.session.execute(asked.where(Registration.id != registration.id))


def cancel(registration: Registration, *, by_organiser: bool = False) -> bool:
    """Give up a place, or a rank; the place goes to the next in line. Twice: nothing more, and False."""
    if not registration.is_standing and registration.status != UNCONFIRMED:
        return False
    is_told = registration.is_standing
    offers.leave(registration)
    if is_told:
        outbox.post_many(messages.cancelled(registration, by_organiser=by_organiser))
    return True


def mine(event: Event, user: User) -> Registration | None:
    """Return what `user` registered for an event, by account or by their mail address: what stands first."""
    rows = select(Registration).where(Registration.event_id == event.id, Registration.status != UNCONFIRMED)
    rows = rows.where(is_of(user))
    return db.session.scalar(rows.order_by(*_best(user)).limit(1))


# Without an account: the address, or the number, is proved first --------------------------------------------------


def ask(event: Event, *, name: str, email: str = "", phone: str = "", answers: dict | None = None) -> Registration:
    """Keep what a visitor typed until their mail address is proved by a link, or their number by a code. Of several
    forms that nobody has confirmed, the last one counts. With both, the address is proved, and the number kept.

    Whoever is registered already is told so, at that address: the form answers the same. Raises `Closed`.
    """
    _require_open(event)
    email = accounts.normal_email(email)
    found = _find(event, _owner_of(email), email, phone)
    if found is None or not found.is_standing:
        found = _asked(event, asked_key(email, phone))
        _fill(found, None, name, email, phone, answers)
        found.key, found.status, found.created_at = asked_key(email, phone), UNCONFIRMED, utcnow()
        db.session.add(found)
        db.session.flush()
    if not email:
        _send_code(found, phone)
    else:
        outbox.try_address_again(Channel.MAIL, email)
        outbox.post_many((messages.already if found.is_standing else messages.to_confirm)(found))
    return found


def _asked(event, key):
    """Return the row that keeps a form aside until it is proved: what is of the person stays as it is."""
    former = db.session.scalar(select(Registration).filter_by(event_id=event.id, key=key))
    return former or Registration(event_id=event.id, event=event)


def _send_code(registration, phone):
    sent = codes.send(registration.id, phone, key=f"registration code:{registration.id}", name=registration.name)
    registration.code_digest, registration.code_expires_at = sent["digest"], sent["expires_at"]
    registration.code_tries = 0
    db.session.flush()


def confirm(registration: Registration) -> Registration:
    """Note that the address, or the number, is this person's: they get a place, or a rank. Twice is the same.

    Where an account has the address, the registration is of that account. What the person has there already is
    returned, with what they typed now unless it stands. Raises `Closed`, also when the event is not for them any more.
    """
    if registration.status != UNCONFIRMED:
        return registration
    event, name, email, phone = (getattr(registration, key) for key in ("event", "name", "email", "phone"))
    _require_open(event)
    user = _owner_of(email)
    viewer = viewer_of(user) if user else VISITOR
    if not (may_read(viewer, event) and may_register(viewer, event)):
        raise Closed(NOT_YOURS)
    offers.offer_first(event)
    answers = registration.answers
    if found := _find(event, user, email, phone):
        db.session.delete(registration)
        db.session.flush()
        if found.is_standing:
            return found
        registration = found
    registration.entered_by_id = None
    _fill(registration, user, name, email, phone, answers)
    for channel, address in messages.reach(registration).items():
        outbox.resume(channel, address, messages.KIND)
        outbox.switch_on(channel, address)
    _take_place(registration)
    return registration


def try_code(registration: Registration, typed: str) -> Registration | Outcome:
    """Compare a code with the one that was sent. The right one confirms, and what `confirm` makes of it is returned; a
    wrong one is counted. Raises `Closed`."""
    if not awaits_code(registration):
        return Outcome.OVER
    if not codes.is_right(registration.code_digest, registration.id, registration.phone, typed):
        registration.code_tries += 1
        db.session.flush()
        return Outcome.WRONG if registration.code_tries < codes.TRIES else Outcome.OVER
    registration.code_digest, registration.code_expires_at = "", None
    outbox.resume(Channel.SMS, registration.phone, outbox.ALL)
    return confirm(registration)


def awaits_code(registration: Registration) -> bool:
    """Tell whether the code that was sent may still be typed."""
    expiry = registration.code_expires_at
    return expiry is not None and expiry > utcnow() and registration.code_tries < codes.TRIES


def code_token(registration: Registration) -> str:
    """Return the token of the page where the code is typed: it opens nothing else, as who asked has proved nothing."""
    return short(CODE, registration.id)


def by_code_token(token: str) -> Registration | None:
    """Return the registration that a code is awaited for; None when it is no more. Raises `BadToken`."""
    return db.session.get(Registration, read_short(CODE, token))


def by_token(token: str) -> Registration | None:
    """Return the registration of a link; None when it is no more. Raises `BadToken`."""
    return db.session.get(Registration, read_short(messages.PURPOSE, token))
