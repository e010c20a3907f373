"""What the animator does with accounts: found by words, suspended and restored, with the reason."""

from flask import current_app
from sqlalchemy import ColumnElement, select

from app.extensions import db
from app.labels import USER_STATUS, Role, UserStatus
from app.models import User
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.links import site_address
from app.notifications.message import Message
from app.services import accounts, closing, journal
from app.text import fold


def find(words: str, condition: ColumnElement[bool]) -> list[int]:
    """Return the ids of accounts, by last name, whose names and address hold all these words, accents aside."""
    wanted = fold(words).split()
    rows = db.session.execute(select(User.id, User.last_name, User.first_name, User.email).where(condition))
    found = [(fold(f"{last} {first}"), fold(email), user_id) for user_id, last, first, email in rows]
    return [row[-1] for row in sorted(found) if all(word in f"{row[0]} {row[1]}" for word in wanted)]


class Shut(ValueError):
    """An account that cannot be given a role; the message says why, in French."""


def make_animator(email: str, *, first_name: str, last_name: str) -> User:
    """Give somebody the role of animator, and an open account where the address has none. Raises `Shut`."""
    user, now = accounts.by_email(email), utcnow()
    if user is None:
        user = User(email=accounts.normal_email(email), first_name=first_name, last_name=last_name)
        db.session.add(user)
    elif user.status not in (UserStatus.UNCONFIRMED, UserStatus.PENDING, UserStatus.ACTIVE):
        raise Shut(f"Le compte de cette adresse n’est pas ouvert ({USER_STATUS[user.status]}).")
    elif user.status == UserStatus.UNCONFIRMED:
        user.password_hash = ""  # whoever chose it has not shown that the address is theirs
    if user.role == Role.REFERENT:
        renew(PAGES)
    user.status, user.role, user.confirmed_at = UserStatus.ACTIVE, Role.ANIMATOR, user.confirmed_at or now
    db.session.flush()
    journal.note("animator.appointed", user, actor_id=None)
    return user


def suspend(user: User, *, actor_id: int | None, reason: str) -> None:
    """Suspend an open account: it has no rights any more, in any browser, and its owner is told why."""
    closing.shut(user, UserStatus.SUSPENDED)
    user.why = reason
    journal.note("user.suspended", user, actor_id=actor_id, reason=reason)
    _tell(user, "suspended", Message(
        "Votre compte est suspendu",
        (
            f"Bonjour {user.first_name},",
            "L’équipe du site a suspendu votre compte : vous ne pouvez plus vous connecter pour l’instant.",
            f"La raison : {reason}",
            f"Si vous n’êtes pas d’accord, ou pour en parler, écrivez à {current_app.config['OPERATOR_EMAIL']}.",
        ),
        link=("Nous joindre", site_address("public.pages.contact")),
    ))  # fmt: skip


def restore(user: User, *, actor_id: int | None, reason: str = "") -> None:
    """Open a suspended account again, with what it had."""
    user.status, user.why = UserStatus.ACTIVE, ""
    user.last_seen_at = user.last_seen_at and utcnow()  # who never came has still not come
    if user.role == Role.REFERENT:
        renew(PAGES)
    journal.note("user.restored", user, actor_id=actor_id, reason=reason)
    _tell(user, "restored", Message(
        "Votre compte est de nouveau ouvert",
        (
            f"Bonjour {user.first_name},",
            "Votre compte n’est plus suspendu : vous pouvez vous connecter, avec le même mot de passe.",
            *([reason] if reason else []),
        ),
        link=("Se connecter", site_address("account.sessions.new")),
    ))  # fmt: skip


def _tell(user, verb, message):
    key = f"{verb}:{user.id}:{utcnow():%Y%m%d%H%M%S%f}"
    outbox.post_account(user, message, key)
    db.session.flush()
