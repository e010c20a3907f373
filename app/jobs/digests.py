"""The job that prepares the digests that are due."""

import time

from sqlalchemy import select

from app.extensions import begin_write, db
from app.jobs.sending import ending
from app.models import User
from app.models.types import utcnow
from app.notifications import digests, outbox

LOT = 500  # people
BUDGET = 40.0  # seconds of one run; the next one goes on


def is_any_due() -> bool:
    """Tell whether it is somebody's turn."""
    return db.session.scalar(select(User.id).where(*digests.is_due(utcnow())).limit(1)) is not None


def digest() -> None:
    """Prepare the digests of those whose turn it is, a lot of people in each transaction. After a day when nothing
    ran, each gets one; run twice at once, too."""
    stop_at = time.monotonic() + BUDGET
    while time.monotonic() < stop_at and not ending.is_set():
        now = utcnow()
        lot = digests.turns(now, LOT)
        if not lot:
            return
        rows = digests.rows(lot, now)
        begin_write()
        mine = digests.still_due(lot)
        ids = [turn.marks["user_id"] for turn in mine]
        outbox.post_many([rows[user_id] for user_id in ids if user_id in rows])
        digests.done(mine)
        db.session.commit()
