"""The jobs that empty the outbox: claim a batch, send, write down each outcome before the next one is handed over."""

import logging
import threading
import time
from datetime import timedelta
from functools import partial

from flask import current_app

from app.extensions import begin_write, db
from app.jobs.owner import this_process
from app.labels import Channel
from app.models import Delivery
from app.notifications import looking, mail, outbox, sms, texting
from app.notifications.outcomes import PermanentFailure, TemporaryFailure, UnknownOutcome, Unreachable

BATCH = 50
BUDGET = 40.0  # seconds of one run; the next one goes on
DEMO_BOX = "boîte de démonstration"
ending = threading.Event()  # set when this process is asked to stop: what is in flight is finished, the rest waits
log = logging.getLogger(__name__)


def send_mails() -> None:
    """Send the mails that are due, many through one connection; without a server they stay in the demo box."""
    opening = mail.session if current_app.config["MAIL_SERVER"] else _demo_box
    _empty(Channel.MAIL, opening, _objection)


def send_texts() -> None:
    """Send the SMS that are due, by day, within the caps; without a gateway they stay in the demo box."""
    gateway = sms.make_gateway(current_app.config)
    opening = partial(texting.session, gateway) if gateway else _demo_box
    _empty(Channel.SMS, opening, lambda delivery: _objection(delivery) or texting.admit(delivery))


def _objection(delivery):
    return outbox.objection(delivery) or looking.objection(delivery)


def _empty(channel, opening, object_to):
    stop_at = time.monotonic() + BUDGET
    while time.monotonic() < stop_at and not ending.is_set():
        begin_write()
        batch = outbox.claim(channel, this_process(), BATCH, _lease())
        db.session.commit()
        if not batch or not _send_batch(batch, opening, object_to, stop_at):
            return


def _lease():
    return timedelta(seconds=current_app.config["OUTBOX_LEASE"])


def _send_batch(batch, opening, object_to, stop_at):
    """Send a claimed batch, or what can be sent before `stop_at`, an instant of `time.monotonic`.

    Return whether the channel works: with a broken one, going on is of no use now.
    """
    left = list(batch)
    try:
        with opening() as send:
            return _send_all(left, send, object_to, stop_at)
    except Unreachable as error:  # the connection could not be opened: nothing was handed over
        begin_write()
        for delivery in left:
            outbox.retry(delivery, this_process(), str(error), steady=True)
        db.session.commit()
        return False


def _send_all(left, send, object_to, stop_at):
    """Send each of `left`, taking it off the list. One commit a message: the last outcome and the next start."""
    settle, works = None, True
    try:
        while left and works and time.monotonic() < stop_at and not ending.is_set():
            delivery = left.pop(0)
            begin_write()
            if settle:
                settle()
            may_start = _may_start(delivery, object_to)
            db.session.commit()
            settle = None  # only now: had the commit failed, the outcome would have to be written again
            if may_start:
                settle, works = _attempt(send, delivery)
    finally:
        db.session.rollback()  # the half of a transaction that failed
        begin_write()
        if settle:
            settle()
        outbox.release([delivery.id for delivery in left], this_process())
        db.session.commit()
    return works


def _may_start(delivery, object_to):
    try:
        reason = object_to(delivery)
    except Exception as error:  # such as a number that is none: nobody else's message waits for it
        log.exception("the delivery %s could not be looked at", delivery.id)
        reason = f"Message impossible à préparer ({type(error).__name__})."
    if reason:
        if isinstance(reason, texting.Later):
            outbox.postpone(delivery.id, this_process(), reason.until, reason.words)
        else:
            outbox.drop(delivery.id, this_process(), reason)
        return False
    return outbox.mark_in_flight(delivery.id, this_process(), _lease())


def _attempt(send, delivery: Delivery):
    """Hand one message over. Return the function that writes its outcome down, and whether the channel still works."""
    me = this_process()
    try:
        columns = send(delivery) or {}
    except PermanentFailure as error:
        return _unpaid(delivery, partial(outbox.fail, delivery, me, str(error), error.blames_recipient)), True
    except TemporaryFailure as error:
        away = isinstance(error, Unreachable)
        again = partial(outbox.retry, delivery, me, str(error), error.retry_after, steady=away)
        return _unpaid(delivery, again), not away
    except UnknownOutcome as error:
        if delivery.channel == Channel.SMS:
            return partial(outbox.to_check, delivery.id, me, str(error)), False
        return partial(outbox.retry, delivery, me, f"Doublon possible : {error}", maybe_double=True), False
    except Exception as error:  # a fault in one message must not come back first each time and hold up the others
        log.exception("the delivery %s could not be sent", delivery.id)
        words = f"Erreur du site ({type(error).__name__}), voir son journal."
        if delivery.channel == Channel.SMS:
            return partial(outbox.to_check, delivery.id, me, words), False
        return partial(outbox.retry, delivery, me, words), False
    return partial(outbox.sent, delivery, me, **columns), True


def _unpaid(delivery, settle):
    """Return `settle`, which also gives back what was booked for an SMS: the gateway took nothing."""
    if delivery.channel != Channel.SMS:
        return settle

    def give_back_and_settle():
        outbox.give_back(delivery)
        return settle()

    return give_back_and_settle


class _demo_box:  # noqa: N801 - used as the function that opens a channel
    """The channel of a site without a server: all is kept, and shown as sent to the demo box."""

    def __enter__(self):
        return lambda delivery: {"provider_id": DEMO_BOX}

    def __exit__(self, *error):
        return None
