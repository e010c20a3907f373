"""The job that turns new activities into deliveries."""

from sqlalchemy import select

from app.extensions import begin_write, db
from app.models import Activity
from app.notifications.dispatch import dispatch_one

BATCH = 200


def dispatch() -> None:
    """Dispatch new activities, each in a transaction of its own."""
    new = select(Activity.id).where(Activity.dispatched_at.is_(None)).order_by(Activity.id).limit(BATCH)
    for activity_id in db.session.scalars(new).all():
        begin_write()
        dispatch_one(activity_id)
        db.session.commit()
