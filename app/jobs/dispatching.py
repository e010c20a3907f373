"""The job that turns new activities into deliveries."""

from datetime import timedelta

from sqlalchemy import select, update

from app.extensions import begin_write, db
from app.models import Activity
from app.models.types import utcnow
from app.notifications import signups
from app.notifications.dispatch import RULES, dispatch_one

BATCH = 200
AGAIN_AFTER = timedelta(minutes=10)
RULES.update(signups.RULES)


def dispatch() -> None:
    """Dispatch new activities, each in a transaction of its own.

    One that fails waits, and holds up no other; the first error is raised when all the others are done.
    """
    new = (Activity.dispatched_at.is_(None), Activity.next_attempt_at <= utcnow())
    ids = db.session.scalars(select(Activity.id).where(*new).order_by(Activity.id).limit(BATCH)).all()
    errors = [error for error in map(_dispatch, ids) if error]
    if errors:
        raise errors[0]


def _dispatch(activity_id):
    """Dispatch one activity; return the error that prevented it."""
    begin_write()
    try:
        dispatch_one(activity_id)
        db.session.commit()
    except Exception as error:
        db.session.rollback()
        row = update(Activity).where(Activity.id == activity_id)
        db.session.execute(row.values(next_attempt_at=utcnow() + AGAIN_AFTER))
        db.session.commit()
        return error
