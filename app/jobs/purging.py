"""The job that forgets what is no longer needed."""

from datetime import timedelta

from sqlalchemy import delete

from app import jobs
from app.extensions import begin_write, db
from app.models import Job
from app.models.types import utcnow
from app.notifications import dispatch, outbox
from app.services import cowriting, groups, readings, subscribing

UNKNOWN_FOR = timedelta(days=30)  # two versions of the program work side by side for minutes; a month is safe


def purge() -> None:
    """Empty old messages, delete the oldest and old activities, a batch at a time so that nobody waits for the lock."""
    together = (cowriting.purge_presences, cowriting.purge_sides, groups.purge_departures, subscribing.purge)
    for forget in (outbox.purge, outbox.forget, dispatch.purge, readings.purge, *together, _forget_jobs):
        forgotten = True
        while forgotten:
            begin_write()
            forgotten = forget()
            db.session.commit()


def _forget_jobs():
    """Delete the rows of jobs that this program does not know and that no other has run for a month."""
    gone = delete(Job).where(Job.name.not_in(jobs.JOBS), Job.next_run < utcnow() - UNKNOWN_FOR)
    return db.session.execute(gone).rowcount
