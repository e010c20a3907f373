"""The job that forgets who tried what."""

from app.extensions import begin_write, db
from app.services import limits


def forget_attempts() -> None:
    """Drop the counts of attempts that limit nothing any more."""
    begin_write()
    limits.purge()
    db.session.commit()
