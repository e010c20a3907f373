"""The mobile number of a person, proved by a code that was sent to it."""

from sqlalchemy import delete, select

from app.extensions import db
from app.labels import Channel
from app.models import PhoneCode, User
from app.models.types import utcnow
from app.notifications import outbox
from app.services import alerts, codes
from app.services.codes import TRIES, Outcome


def send_code(user: User, phone: str) -> None:
    """Send a new code to this number (E.164); the one before it opens nothing any more.

    A number that is confirmed stays the one that is used until another one is.
    """
    if user.phone_confirmed_at is None:
        user.phone = phone
    _forget(user)
    sent = codes.send(user.id, phone, key=f"code:{user.id}", name=user.name, council_id=user.council_id)
    db.session.add(PhoneCode(user_id=user.id, phone=phone, **sent))


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
    if not codes.is_right(code.digest, user.id, code.phone, typed):
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
