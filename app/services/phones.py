"""The mobile number of a person, proved by a code that was sent to it."""

import hmac
import secrets
from datetime import timedelta
from enum import StrEnum

from flask import current_app
from sqlalchemy import delete, select

from app.extensions import db
from app.labels import Channel, Priority
from app.models import PhoneCode, User
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.message import Message
from app.services import alerts

VALID = timedelta(minutes=10)
TRIES = 5


class Outcome(StrEnum):
    """What a code that was typed turns out to be."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"  # too old, or tried too often: a new one must be asked for


def send_code(user: User, phone: str) -> None:
    """Send a new code to this number (E.164); the one before it opens nothing any more.

    A number that is confirmed stays the one that is used until another one is.
    """
    code, expiry = f"{secrets.randbelow(10**6):06}", utcnow() + VALID
    if user.phone_confirmed_at is None:
        user.phone = phone
    _forget(user)
    db.session.add(PhoneCode(user_id=user.id, phone=phone, digest=_digest(user, phone, code), expires_at=expiry))
    text = f"{code} : votre code pour {current_app.config['SITE_NAME']}, valable 10 minutes."
    outbox.post(
        Message("Code de confirmation", (text,), short=text), to=phone, name=user.name,
        key=f"code:{user.id}:{secrets.token_hex(8)}", kind="code", priority=Priority.ACCOUNT, channel=Channel.SMS,
        council_id=user.council_id, useful_until=expiry,
    )  # fmt: skip


def awaited(user: User, *, lock: bool = False) -> PhoneCode | None:
    """Return the code that `user` may still type; None when a new one must be asked for."""
    still = (PhoneCode.expires_at > utcnow(), PhoneCode.tries < TRIES)
    query = select(PhoneCode).where(PhoneCode.user_id == user.id, *still)
    return db.session.scalar(query.with_for_update() if lock else query)


def try_code(user: User, typed: str) -> Outcome:
    """Compare a code with the one that was sent. The right one makes its number the person's own, wanted again even
    if somebody had stopped it; a wrong one is counted."""
    code = awaited(user, lock=True)
    if code is None:
        return Outcome.OVER
    if not hmac.compare_digest(code.digest, _digest(user, code.phone, typed)):
        code.tries += 1
        db.session.flush()
        return Outcome.WRONG if code.tries < TRIES else Outcome.OVER
    user.phone, user.phone_confirmed_at = code.phone, utcnow()
    _forget(user)
    outbox.resume(Channel.SMS, user.phone, outbox.ALL)
    outbox.switch_on(Channel.SMS, user.phone)
    return Outcome.RIGHT


def remove(user: User) -> None:
    """Forget the number; nothing comes by SMS any more."""
    user.phone = user.phone_confirmed_at = None
    _forget(user)
    alerts.stop_texts(user)


def _forget(user):
    db.session.execute(delete(PhoneCode).where(PhoneCode.user_id == user.id))


def _digest(user, phone, code):
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, f"{user.id}\0{phone}\0{code}".encode(), "sha256").hexdigest()
