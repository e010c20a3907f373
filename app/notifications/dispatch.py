"""From an activity to deliveries: who is told, by the rule of its verb, once for each person and channel."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import update

from app.extensions import db
from app.labels import Channel, Priority
from app.models import Activity
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.message import Message


@dataclass(frozen=True)
class Alert:
    """One message to one person about an activity. `person` tells people apart: an id, or an address."""

    person: str
    to: str
    message: Message
    kind: str
    channel: Channel = Channel.MAIL
    priority: Priority = Priority.ALERT
    columns: dict = field(default_factory=dict)


# Verb → the rule that yields the alerts of an activity, read again when it is dispatched: the rights of that moment.
RULES: dict[str, Callable[[Activity], Iterator[Alert]]] = {}


def record(verb: str, subject, actor_id: int | None = None) -> Activity:
    """Write down, in the transaction of what happened, that `verb` happened to the row `subject`."""
    activity = Activity(verb=verb, subject_type=subject.__tablename__, subject_id=subject.id, actor_id=actor_id)
    db.session.add(activity)
    db.session.flush()
    return activity


def dispatch_one(activity_id: int) -> int:
    """Write the deliveries of one activity, unless another process has: one conditional UPDATE decides.

    Returns the number of new deliveries. The claim and the deliveries are one transaction: all or nothing.
    """
    claim = update(Activity).where(Activity.id == activity_id, Activity.dispatched_at.is_(None))
    if db.session.execute(claim.values(dispatched_at=utcnow())).rowcount != 1:
        return 0
    activity = db.session.get(Activity, activity_id, populate_existing=True)
    rule = RULES.get(activity.verb)
    return sum(_post(activity, alert) for alert in rule(activity)) if rule else 0


def _post(activity, alert):
    return outbox.post(
        alert.message,
        to=alert.to,
        key=f"activity:{activity.id}:{alert.person}:{alert.channel}",
        kind=alert.kind,
        priority=alert.priority,
        channel=alert.channel,
        activity_id=activity.id,
        **alert.columns,
    )
