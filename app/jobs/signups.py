"""The job that hands over the sign-ups that the peers have left, and marks the late ones."""

from app.extensions import begin_write, db
from app.services import validation


def follow_signups() -> None:
    """Do what is due, in one short transaction."""
    begin_write()
    validation.catch_up()
    db.session.commit()
