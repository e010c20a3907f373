"""Letters to those who registered for an event: each form makes one."""

from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import select

from app.extensions import db
from app.models import Activity, Event, User
from app.models.types import table_of, utcnow
from app.notifications import dispatch
from app.notifications.organisers import VERB, Letter

SAME_FORM = timedelta(days=2)  # no form stays open for longer and is still sent


def is_sent(event: Event, letter: Letter) -> bool:
    """Tell whether the form of this letter has sent it already."""
    recent = select(Activity.data).where(Activity.subject_id == event.id, Activity.subject_type == table_of(event))
    recent = recent.where(Activity.verb == VERB, Activity.created_at > utcnow() - SAME_FORM)
    return any(data["key"] == letter.key for data in db.session.scalars(recent))


def send(event: Event, letter: Letter, author: User) -> bool:
    """Let a letter be written to each person; return False when its form has sent it already. Call it with the event
    locked: of two forms sent at one instant, the second finds the first."""
    if is_sent(event, letter):
        return False
    dispatch.record(VERB, event, author.id, data=asdict(letter))
    return True
