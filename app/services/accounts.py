"""Accounts: found by their address, logged in and out, and the passwords they are opened with."""

import hashlib
import secrets
from datetime import timedelta

from flask import current_app
from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.labels import OPEN, Role
from app.models import Login, PhoneCode, User
from app.models.stamp import PAGES, renew
from app.models.types import utcnow

SHORT, LONG = timedelta(hours=24), timedelta(days=30)  # without a visit; « rester connecté »
DEMO = "@demo.example"  # everybody knows the password of these; RFC 2606 keeps the name from everybody
NOTED_EVERY = timedelta(minutes=15)  # a visit is written down no more often
APART = timedelta(minutes=30)  # whoever was away for so long comes for another visit


def by_email(email: str) -> User | None:
    """Return the account with this mail address, however it is written."""
    return _if_real(db.session.scalar(select(User).where(User.email == normal_email(email))))


def _if_real(user):
    """Return `user`, but in production nobody who was made up for the demo: these open for no one there."""
    return None if user and current_app.config["PRODUCTION"] and user.email.endswith(DEMO) else user


def normal_email(email: str) -> str:
    """Return an address as it is kept and compared."""
    return email.strip().lower()


def log_in(user: User, *, is_long: bool = False) -> str:
    """Open the account in one browser; return the secret that the browser keeps."""
    token, now = secrets.token_urlsafe(32), utcnow()
    db.session.add(Login(digest=_digest(token), user_id=user.id, expires_at=now + _length(is_long), is_long=is_long))
    if user.role == Role.REFERENT and user.last_seen_at is None:  # from now on, visitors read their name
        renew(PAGES)
    _note(user, now)
    db.session.flush()
    return token


def by_token(token: str) -> User | None:
    """Return the account that is open in the browser with this secret, as long as it has not ended."""
    query = select(User).join(Login, Login.user_id == User.id).options(joinedload(User.territories))
    is_open = (*_is_open(token), User.status.in_(OPEN))
    user = _if_real(db.session.scalars(query.where(*is_open)).unique().one_or_none())
    if user:
        user.token = token
    return user


def should_note(user: User) -> bool:
    """Tell whether this visit is to be written down, so that the login does not end for want of one."""
    return user.last_seen_at is None or utcnow() - user.last_seen_at > NOTED_EVERY


def note_visit(user: User) -> None:
    """Write down that this person is here; the login lasts on."""
    now = utcnow()
    row = update(Login).where(Login.digest == _digest(user.token), Login.expires_at > now)
    db.session.execute(row.where(Login.is_long).values(seen_at=now, expires_at=now + LONG))
    db.session.execute(row.where(~Login.is_long).values(seen_at=now, expires_at=now + SHORT))
    _note(user, now)


def _note(user, now):
    """Two requests at once that begin a visit: the second one finds it begun, and the former visit's end noted."""
    ended = case((User.last_seen_at <= now - APART, User.last_seen_at), else_=User.former_visit_at)
    seen = {"former_visit_at": ended, "last_seen_at": now, "warned_at": None}
    db.session.execute(update(User).where(User.id == user.id).values(seen))


def log_out(token: str) -> None:
    """Close the account in one browser; its secret opens nothing any more."""
    db.session.execute(delete(Login).where(Login.digest == _digest(token)))


def log_out_elsewhere(user: User) -> None:
    """Close the account in all browsers but the present one, if there is one."""
    others = delete(Login).where(Login.user_id == user.id)
    db.session.execute(others.where(Login.digest != _digest(user.token)) if user.token else others)


def set_password(user: User, password_hash: str) -> None:
    """Change the password; whoever is logged in with the former one, elsewhere, is not any more."""
    user.password_hash = password_hash
    log_out_elsewhere(user)


def purge_logins() -> None:
    """Drop the logins that have ended, and the codes that nobody typed in time."""
    for model in (Login, PhoneCode):
        db.session.execute(delete(model).where(model.expires_at <= utcnow()))


def _is_open(token):
    return Login.digest == _digest(token), Login.expires_at > utcnow()


def _length(is_long):
    return LONG if is_long else SHORT


def _digest(token):
    return hashlib.sha256(token.encode()).hexdigest()
