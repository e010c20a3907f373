"""The job that publishes what was to be published at a date."""

from sqlalchemy import select

from app.extensions import db
from app.jobs.steps import each
from app.models import Article, Publication
from app.models.types import utcnow
from app.services import articles, publishing

BATCH = 100


def publish() -> None:
    """Publish what is due, one short transaction each; what fell due while nothing ran is published now.

    What fails holds up nothing else; the first error is raised when all the others are done.
    """
    errors = []
    for service, model in ((publishing, Publication), (articles, Article)):
        due = select(model.id).where(*service.is_due(utcnow())).order_by(model.publish_on).limit(BATCH)
        try:
            each(service.publish_due, db.session.scalars(due).all())
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]


def is_any_due() -> bool:
    """Tell whether `publish` would find something."""
    return publishing.is_any_due() or articles.is_any_due()
