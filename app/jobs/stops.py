"""The job that learns from the gateway who answered STOP."""

from flask import current_app

from app.extensions import begin_write, db
from app.labels import Channel
from app.notifications import outbox, sms


def fetch_stops() -> None:
    """Note the numbers that the gateway no longer serves; the gateway is asked before the lock is taken."""
    gateway = sms.make_gateway(current_app.config)
    numbers = gateway.stopped() if gateway else []
    begin_write()
    for number in numbers:
        outbox.stop(Channel.SMS, number, outbox.ALL)
    db.session.commit()
