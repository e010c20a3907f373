"""The job that turns new activities into deliveries."""

from datetime import timedelta

from sqlalchemy import select

from app.extensions import begin_write, db
from app.jobs.sending import ending
from app.models import Activity
from app.models.types import utcnow
from app.notifications import articles, bursts, discussions, groups, issues, organisers, outbox, publications, signups
from app.notifications import dispatch as activities

BATCH = 200  # activities
LOT = 200  # deliveries written at once: other writers wait for the lock no longer than that takes
AGAIN_AFTER = timedelta(minutes=5)
activities.RULES.update(
    signups.RULES
    | publications.RULES
    | organisers.RULES
    | bursts.RULES
    | discussions.RULES
    | groups.RULES
    | issues.RULES
    | articles.RULES
)


def dispatch() -> None:
    """Dispatch the activities that are due.

    One that fails, or whose process dies, is due again after `AGAIN_AFTER` and holds up no other; the first error is
    raised when all the others are done.
    """
    due = select(Activity.id).where(*activities.is_due(utcnow())).order_by(Activity.id).limit(BATCH)
    errors = [error for error in map(_dispatch, db.session.scalars(due).all()) if error]
    if errors:
        raise errors[0]


def _dispatch(activity_id):
    """Dispatch one activity, unless another process has it; return the error that prevented it."""
    try:
        if not ending.is_set() and _claim(activity_id):
            _write(activity_id, activities.rows(activity_id))
    except Exception as error:
        db.session.rollback()
        return error


def _claim(activity_id):
    begin_write()
    claimed = activities.claim(activity_id, AGAIN_AFTER)
    db.session.commit()
    return claimed


def _write(activity_id, rows):
    """Write the deliveries, a lot in each transaction; the last one says that it is done.

    Whoever starts again after a crash writes the same rows, of which those that are there already do not count.
    """
    lots = [rows[start : start + LOT] for start in range(0, len(rows), LOT)] or [[]]
    for lot in lots:
        begin_write()
        outbox.post_many(lot)
        if lot is lots[-1]:
            activities.done(activity_id)
        db.session.commit()
