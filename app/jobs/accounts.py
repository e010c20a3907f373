"""The job that keeps no account longer than promised: one short transaction for each, a bounded number a day."""

import logging
from collections.abc import Callable

from sqlalchemy import ColumnElement, func, select

from app.extensions import begin_write, db
from app.jobs.contents import delete_unused
from app.labels import UserStatus
from app.models import User
from app.models.types import utcnow
from app.services import accounts, closing, limits, signups

MOST = 500  # people a step and run; the next run goes on
log = logging.getLogger(__name__)


def tend_accounts() -> None:
    """Forget sign-ups and accounts whose time is up, warn those who do not come, drop what has expired.

    Somebody whose turn fails holds up no other; the first error is raised when all the others are done.
    """
    errors = [error for step, which in STEPS for error in _each(step, which())]
    begin_write()
    closing.forget_goodbyes()
    closing.forget_reasons()
    accounts.purge_logins()
    limits.purge()
    db.session.commit()
    if errors:
        raise errors[0]


def _each(step, which):
    """Take a step for each person that a condition still holds for; yield the errors."""
    ids = db.session.scalars(select(User.id).where(*which).order_by(User.id).limit(MOST)).all()
    for user_id in ids:
        begin_write()
        try:
            closing.animators()
            user = db.session.scalar(select(User).where(User.id == user_id, *which).with_for_update(key_share=True))
            unused = (step(user) if user else None) or []
            db.session.commit()
            delete_unused(unused)
        except Exception as error:
            db.session.rollback()
            log.exception("the account %s could not be tended", user_id)
            yield error


# The steps, and whose turn it is ----------------------------------------------------------------------------------


def _unconfirmed():
    return User.status == UserStatus.UNCONFIRMED, User.created_at <= utcnow() - signups.KEPT


def _refused():
    return User.status == UserStatus.REFUSED, User.decided_at <= utcnow() - signups.REFUSED_KEPT


def _close_due(user):
    return closing.erase(user, closing.TIME_IS_UP)


def _due():
    return User.status == UserStatus.CLOSED, User.closing_at <= utcnow()


def _close_unused(user):
    """Close an account that nobody uses; the last animator's stays, or nobody could run the site."""
    return None if closing.is_last_animator(user) else closing.erase(user, closing.NO_VISIT)


def _unused():
    return *_not_seen_for(closing.ENDS), User.warned_at <= utcnow() - closing.NOTICE


def _to_warn():
    return *_not_seen_for(closing.INACTIVE), User.warned_at.is_(None)


def _not_seen_for(span) -> tuple[ColumnElement[bool], ...]:
    open_ones = User.status.in_([UserStatus.PENDING, UserStatus.ACTIVE, UserStatus.SUSPENDED])
    return open_ones, func.coalesce(User.last_seen_at, User.created_at) <= utcnow() - span


STEPS: tuple[tuple[Callable, Callable], ...] = (
    (signups.erase, _unconfirmed),
    (signups.erase, _refused),
    (_close_due, _due),
    (_close_unused, _unused),
    (closing.warn, _to_warn),
)
