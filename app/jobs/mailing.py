"""The job that lets the monthly letter leave: it starts issues, writes their mails, and notes when all have left."""

from sqlalchemy import select

from app.extensions import begin_write, db
from app.jobs.sending import ending
from app.jobs.steps import each
from app.models import NewsletterIssue
from app.services import mailing

LOT = 200  # deliveries written at once: other writers wait for the lock no longer than that takes


def send_letters() -> None:
    """Take each issue one step further, or several. Killed half-way, or run twice at once, it writes each mail once."""
    each(mailing.start_due, _issues(mailing.is_due()))
    for issue_id in _issues(mailing.is_unprepared()):
        _prepare(issue_id)
    each(mailing.finish, _issues(mailing.has_ended()))
    each(mailing.recount, list(mailing.to_recount()))


def _issues(condition):
    return db.session.scalars(select(NewsletterIssue.id).where(condition).order_by(NewsletterIssue.id)).all()


def _prepare(issue_id):
    """Write the mails of an issue, a lot in each transaction."""
    rows = mailing.missing(issue_id)
    for start in range(0, len(rows), LOT):
        if ending.is_set():
            return
        begin_write()
        goes_on = mailing.prepare(issue_id, rows[start : start + LOT])
        db.session.commit()
        if not goes_on:
            return
    begin_write()
    mailing.note_prepared(issue_id)
    db.session.commit()
