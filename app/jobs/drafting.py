"""The job that drafts the monthly letter, and recalls a draft that nobody sent."""

from app.extensions import begin_write, db
from app.models.types import utcnow
from app.notifications import dispatch
from app.notifications.issues import DRAFTED, RECALLED
from app.services import newsletter


def draft_letter() -> None:
    """Draft the issue of the month from its day on, and tell the animators; remind them of one that waits.

    Nothing is sent to its readers. An older draft, which a newer one has followed, is not recalled any more.
    """
    if newsletter.is_due(utcnow()):
        _draft()
    elif issue := newsletter.waiting():
        _recall(issue)


def _draft():
    begin_write()
    if issue := newsletter.draft(utcnow()):
        dispatch.record(DRAFTED, issue)
    db.session.commit()


def _recall(issue):
    begin_write()
    if newsletter.recall(issue.id, utcnow()):
        dispatch.record(RECALLED, issue)
    db.session.commit()
