"""The job that prepares the reminders that are due."""

import time

from app.extensions import begin_write, db
from app.jobs.sending import ending
from app.notifications import outbox, reminders

EVENTS = 50  # read at once
LOT = 200  # deliveries written at once: other writers wait for the lock no longer than that takes
BUDGET = 40.0  # seconds of one run; the next one goes on


def remind() -> None:
    """Prepare the reminders of the events that are due. What fell due while nothing ran is caught up with, as long as
    the event has not begun. A crash loses nothing: the event stays due, and the same rows are written once."""
    stop_at = time.monotonic() + BUDGET
    while time.monotonic() < stop_at and not ending.is_set():
        events = reminders.due(EVENTS)
        if not events:
            return
        _remind_of(events)


def _remind_of(events):
    """Write the deliveries of some events, a lot in each transaction, which also notes the events that are done."""
    marks = {event.id: event.remind_at for event in events}
    prepared = reminders.rows(events)  # all, before a commit lets the events be read anew
    for rows, over in _lots(prepared):
        _write(marks, rows, over)


def _write(marks, rows, over):
    """Write a lot, but the deliveries of an event that was moved meanwhile: it is due anew."""
    begin_write()
    still = reminders.still_due({one: marks[one] for one in {*over, *(one for one, _ in rows)}})
    outbox.post_many([row for one, row in rows if one in still])
    reminders.done(still.intersection(over))
    db.session.commit()


def _lots(prepared):
    """Yield the rows in lots, each with the events that end in it."""
    rows, over = [], []
    for event_id, mine in prepared.items():
        for row in mine:
            if len(rows) == LOT:
                yield rows, over
                rows, over = [], []
            rows.append((event_id, row))
        over.append(event_id)
    yield rows, over
