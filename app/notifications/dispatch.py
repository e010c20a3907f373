"""From an activity to deliveries: who is told, by the rule of its verb, once for each person and channel."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from app.extensions import db
from app.labels import Channel, Priority
from app.models import Activity
from app.models.types import table_of, utcnow
from app.notifications import outbox
from app.notifications.message import Message

# Digests look a week back, and « what is new since my last visit » some months: a year and a month serve whoever
# comes once a year.
KEPT_FOR = timedelta(days=400)  # as `outbox.KEPT_FOR`: the keys of the deliveries make a dispatch happen once
PURGED = 50  # at once: each takes its mark off as many deliveries as people were told


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


def record(
    verb: str, subject, actor_id: int | None = None, *, data: dict | None = None, after: timedelta = timedelta()
) -> Activity:
    """Write down, in the transaction of what happened, that `verb` happened to the row `subject`. `data`: what it was
    before; `after`: how long those wait who are told."""
    now = utcnow()
    about = {"subject_type": table_of(subject), "subject_id": subject.id, "actor_id": actor_id}
    activity = Activity(verb=verb, **about, data=data, created_at=now, next_attempt_at=now + after)
    db.session.add(activity)
    db.session.flush()
    return activity


def awaited(verb: str, subject, after: timedelta) -> Activity | None:
    """Return what `record` wrote down of the same verb and row, to be told `after` a while that is not over yet; it is
    locked, so that nobody tells it meanwhile."""
    about = {"verb": verb, "subject_type": table_of(subject), "subject_id": subject.id, "dispatched_at": None}
    newest = select(Activity).filter_by(**about).order_by(Activity.id.desc()).limit(1)
    activity = db.session.scalar(newest.with_for_update().execution_options(populate_existing=True))
    if activity is None or activity.next_attempt_at != activity.created_at + after:  # somebody has claimed it
        return None
    return activity if activity.next_attempt_at > utcnow() else None


def put_off(activity: Activity, until: datetime, after: timedelta) -> None:
    """Let what `awaited` returned be told at `until` only, because more of the same has happened. Its instant moves
    with it, so that it is awaited `after` a while as before."""
    activity.created_at, activity.next_attempt_at = until - after, until
    db.session.flush()


def claim(activity_id: int, lease: timedelta) -> bool:
    """Take an activity that is due, for as long as the lease: of all who try, one conditional UPDATE lets one in.

    It comes up again after the lease unless it is `done` by then; nothing else is to be noted of a failure.
    """
    now = utcnow()
    mine = update(Activity).where(Activity.id == activity_id, *is_due(now))
    return db.session.execute(mine.values(next_attempt_at=now + lease)).rowcount == 1


def is_any_due() -> bool:
    """Tell whether there is an activity to dispatch."""
    return db.session.scalar(select(Activity.id).where(*is_due(utcnow())).limit(1)) is not None


def is_due(now: datetime) -> tuple:
    """Return the conditions of an activity to dispatch."""
    return (Activity.dispatched_at.is_(None), Activity.next_attempt_at <= now)


def rows(activity_id: int) -> list[dict]:
    """Return the deliveries that an activity asks for, for `outbox.post_many`. It only reads, but it may read long.

    Raises `LookupError` for a verb without a rule: an older program may meet a newer one's activity, which must wait.
    """
    activity = db.session.get(Activity, activity_id, populate_existing=True)
    if activity.verb not in RULES:
        raise LookupError(f"no rule says whom to tell of « {activity.verb} » (activity {activity.id})")
    return [_row(activity.id, alert) for alert in RULES[activity.verb](activity)]


def done(activity_id: int) -> None:
    """Note that all its deliveries are in the outbox."""
    db.session.execute(update(Activity).where(Activity.id == activity_id).values(dispatched_at=utcnow()))


def purge() -> int:
    """Delete the activities that nothing will look at any more, a bounded number of them; return how many."""
    old = (Activity.dispatched_at.is_not(None), Activity.created_at < utcnow() - KEPT_FOR)
    ids = list(db.session.scalars(select(Activity.id).where(*old).limit(PURGED)))
    db.session.execute(delete(Activity).where(Activity.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def _row(activity_id, alert):
    return outbox.row(
        alert.message,
        to=alert.to,
        key=f"activity:{activity_id}:{alert.person}:{alert.channel}",
        kind=alert.kind,
        priority=alert.priority,
        channel=alert.channel,
        activity_id=activity_id,
        **alert.columns,
    )
