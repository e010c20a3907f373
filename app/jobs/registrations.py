"""The jobs that pass places on at events, tell visitors what has begun or ended, and forget who came."""

from datetime import timedelta

from sqlalchemy import select

from app.extensions import begin_write, db
from app.jobs.steps import each
from app.models import Job
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.services import forgetting, offers, seats

BATCH = 200  # events
NAME = "places"  # of the job that passes places on
LOOK_BACK = timedelta(seconds=90)  # at least: it comes each minute


def pass_places_on() -> None:
    """Pass on the places that nobody took in time, and offer those that are free: one short transaction an event."""
    _renew_pages()
    each(offers.pass_on, offers.due_events(BATCH))


def _renew_pages():
    """Have the pages of visitors made anew when time alone has changed what they say of an event."""
    now = utcnow()
    last = db.session.scalar(select(Job.last_run).where(Job.name == NAME)) or now
    if seats.has_passed(min(last, now - LOOK_BACK), now):
        begin_write()
        renew(PAGES)
        db.session.commit()


def forget_registrations() -> None:
    """Drop what nobody confirmed, and who came to events of two months ago; a batch at a time, so that nobody waits."""
    for forget in (forgetting.forget_unproved, forgetting.forget_past):
        forgotten = True
        while forgotten:
            begin_write()
            forgotten = forget()
            db.session.commit()
