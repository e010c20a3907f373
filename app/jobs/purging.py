"""The job that forgets what is no longer needed."""

from app.extensions import begin_write, db
from app.notifications import outbox


def purge() -> None:
    """Empty old messages, a batch at a time so that nobody waits for the lock."""
    emptied = True
    while emptied:
        begin_write()
        emptied = outbox.purge()
        db.session.commit()
