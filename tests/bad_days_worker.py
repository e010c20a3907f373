"""The processes that bad days happen to: each makes the site from its environment and may die at any instant.

They are forked from a server that has imported the site already, so that they work within milliseconds: a process
killed while it still imports proves nothing. `python -m tests.bad_days_worker send` is the same for an outside driver.
"""

import logging
import os
import random
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from apscheduler.triggers.interval import IntervalTrigger

import config
from app import create_app
from app.extensions import begin_write, db
from app.jobs import JOBS, Recurring, clock, dispatching, sending
from app.labels import Channel, Priority
from app.models import Delivery, Job
from app.models.stamp import PAGES, renew
from app.notifications import dispatch, outbox
from app.notifications.dispatch import Alert
from app.notifications.message import Message

MESSAGE = Message(subject="Réunion", paragraphs=("Le conseil se réunit jeudi à 18 h.",), why="vous suivez ce conseil")
PATIENCE = "PRAGMA busy_timeout=300"  # milliseconds; with the ten seconds of the site a test would take minutes


def _tell(activity):
    """Tell as many people as the « subject » says, by mail and by SMS."""
    for number in range(activity.subject_id):
        for channel, to in ((Channel.MAIL, f"a{activity.id}p{number}@ex.fr"), (Channel.SMS, f"+336{number:08}")):
            yield Alert(person=str(number), to=to, message=MESSAGE, kind="alert", channel=channel)


dispatch.RULES["bad day"] = _tell


def settings(env):
    """Return the settings of the site of `env`, with a lease shorter than they allow: else drills would take hours."""
    return config.load(env) | {"OUTBOX_LEASE": 2}


@contextmanager
def running(env):
    """Make the site of `env`; what it logs goes to the file `env["LOG"]`."""
    logging.basicConfig(filename=env.get("LOG"), level=logging.WARNING, force=True)
    app = create_app(settings(env))
    with app.app_context():
        if env.get("IMPATIENT") and db.engine.dialect.name == "sqlite":
            sa.event.listen(db.engine, "connect", lambda connection, record: connection.execute(PATIENCE))
        yield app


def send(env, *jobs):
    """Run `jobs` (by default: send the mails) over and over."""
    with running(env):
        while True:
            for job in jobs or (sending.send_mails,):
                try:
                    job()
                except Exception:
                    db.session.rollback()
                    logging.exception("a job failed")
            time.sleep(0.02)


def dispatch_and_send(env):
    """Turn activities into deliveries and send them, over and over."""
    send(env, dispatching.dispatch, sending.send_mails)


def tick(env, times):
    """Tick the clock `times` times, with a lease so short that it often changes hands; note each run and its due time.

    A run takes longer than the lease, so that it is under way while another process rules.
    """

    def note():
        due = db.session.scalar(sa.select(Job.next_run).where(Job.name == "note"))
        with open(env["RUNS"], "a") as runs:
            runs.write(f"{due.isoformat()}\n")
        time.sleep(0.03)

    JOBS.clear()
    often = IntervalTrigger(seconds=0.02)
    JOBS["note"] = Recurring(note, often, "Noter")
    JOBS["dispatch"] = Recurring(dispatching.dispatch, often, "Préparer")
    clock.LEASE = timedelta(milliseconds=20)
    with running(env) as app:
        clock.set_up()
        ticking = clock.Clock(app)
        ticking._scheduler.start()
        for _ in range(times):
            ticking.tick()
            time.sleep(random.uniform(0, 0.02))  # noqa: S311 - any instant will do
        ticking.stop()


def serve(env):
    """Run the clock as the site does, with short leases and periods."""
    clock.LEASE = clock.JOB_LEASE = timedelta(seconds=3)
    clock.TICK = 0.5
    for name in ("dispatch", "send-mails"):
        JOBS[name] = replace(JOBS[name], trigger=IntervalTrigger(seconds=1))
    with running(env) as app:
        clock.serve(app)


def write(env):
    """Write as a page does, again and again; note how many seconds each write took."""
    with running(env), open(env["WAITS"], "a", buffering=1) as waits:
        while True:
            start = time.perf_counter()
            begin_write()
            renew(PAGES)
            db.session.commit()
            waits.write(f"{time.perf_counter() - start}\n")
            time.sleep(0.01)


def post(count):
    """Post `count` mails in one transaction."""
    begin_write()
    for number in range(count):
        outbox.post(MESSAGE, to=f"membre{number}@ex.fr", key=f"jour:{number}", kind="alert", priority=Priority.ALERT)
    db.session.commit()


def main(what, *arguments):
    """Do one thing for an outside driver, on the site of the environment; `send [PORT]` chooses the mail server."""
    env = dict(os.environ)
    if what == "send":
        send(env | dict(zip(["MAIL_PORT"], arguments, strict=False)))
    with running(env):
        if what == "seed":
            post(int(arguments[0]))
        query = sa.select(Delivery.recipient)
        print(*db.session.scalars(query.where(Delivery.is_maybe_double) if what == "flagged" else query), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
