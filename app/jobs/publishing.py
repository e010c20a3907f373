"""The job that publishes what was to be published at a date."""

from sqlalchemy import select

from app.extensions import begin_write, db
from app.models import Publication
from app.models.types import utcnow
from app.services import publishing

BATCH = 100


def publish() -> None:
    """Publish what is due, one short transaction each; what fell due while nothing ran is published now.

    One that fails holds up no other; the first error is raised when all the others are done.
    """
    due = select(Publication.id).where(*publishing.is_due(utcnow())).order_by(Publication.publish_on).limit(BATCH)
    errors = [error for error in map(_publish, db.session.scalars(due).all()) if error]
    if errors:
        raise errors[0]


def _publish(publication_id):
    try:
        begin_write()
        publishing.publish_due(publication_id)
        db.session.commit()
    except Exception as error:
        db.session.rollback()
        return error
