"""The job that publishes what was to be published at a date."""

from sqlalchemy import select

from app.extensions import db
from app.jobs.steps import each
from app.models import Publication
from app.models.types import utcnow
from app.services import publishing

BATCH = 100


def publish() -> None:
    """Publish what is due, one short transaction each; what fell due while nothing ran is published now."""
    due = select(Publication.id).where(*publishing.is_due(utcnow())).order_by(Publication.publish_on).limit(BATCH)
    each(publishing.publish_due, db.session.scalars(due).all())
