"""The clock: one process of all workers and machines runs the recurring jobs, and tells how they went."""

import logging
import signal
import threading
import traceback
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import begin_write, db, insert_once
from app.jobs import JOBS
from app.jobs.owner import this_process
from app.jobs.sending import ending
from app.models import Job, Lease
from app.models.types import utcnow

TICK = 2  # seconds
LEASE = timedelta(seconds=30)  # a dead holder is followed within this and a tick
JOB_LEASE = timedelta(seconds=45)
RETRY_AFTER = timedelta(seconds=5)  # what a locked database stopped need not wait for tomorrow; longer each time
LATE_AFTER = timedelta(minutes=5)  # a job is not called late sooner, however short its period
log = logging.getLogger(__name__)


class Clock:
    """What a process that may run jobs does: tick, hold the lease, start what is due."""

    def __init__(self, app: Flask):
        self.app = app
        self._running: set[str] = set()
        self._is_set_up = False
        # The ticks have a thread of their own: long jobs must not keep them from renewing the leases.
        executors = {"default": ThreadPoolExecutor(len(JOBS)), "ticks": ThreadPoolExecutor(1)}
        self._scheduler = BackgroundScheduler(executors=executors, timezone=UTC)

    def start(self) -> None:
        """Begin to tick, in a thread of its own."""
        ending.clear()
        every = {"seconds": TICK, "coalesce": True, "max_instances": 1}
        self._scheduler.add_job(self.tick, "interval", executor="ticks", **every)
        self._scheduler.start()

    def stop(self) -> None:
        """Wait for the message in flight, then give the lease to whoever wants it."""
        ending.set()
        self._scheduler.shutdown(wait=True)
        with self.app.app_context():
            db.session.execute(update(Lease).where(Lease.owner == this_process()).values(until=utcnow()))
            db.session.commit()

    def tick(self) -> None:
        """Take or renew the lease; while it is ours, start the jobs that are due."""
        with self.app.app_context():
            try:
                if not self._is_set_up:
                    set_up()
                    self._is_set_up = True
                if hold_lease():
                    keep_up(self._running)
                    hasten()
                    for name in claim_due():
                        self._running.add(name)
                        self._scheduler.add_job(self._run, args=[name], misfire_grace_time=None)
            except Exception:
                db.session.rollback()
                log.exception("a tick of the clock failed; the next one tries again")

    def _run(self, name):
        try:
            with self.app.app_context():
                run(name)
        finally:
            self._running.discard(name)


def set_up() -> None:
    """Give each job its row, due at once; all workers do it at once. Rows of other jobs stay: while the site is
    upgraded a newer program works beside this one."""
    begin_write()
    # A job that never succeeds is late like any other: it counts from here.
    row = {"outcome": "", "runs": 0, "failures": 0, "next_run": utcnow(), "last_success": utcnow()}
    for name in JOBS:
        db.session.execute(insert_once(Job, ["name"]).values(row | {"name": name}))
    db.session.commit()


def hold_lease() -> bool:
    """Take or renew the lease of the clock. True while this process is the one that runs jobs."""
    now, me = utcnow(), this_process()
    free = or_(Lease.owner == me, Lease.until.is_(None), Lease.until <= now)
    mine = update(Lease).where(Lease.name == "clock", free).values(owner=me, until=now + LEASE)
    held = db.session.execute(mine).rowcount == 1
    db.session.commit()
    return held


def keep_up(names: set[str]) -> None:
    """Renew the leases of the jobs that run in this process."""
    if names:
        mine = update(Job).where(Job.owner == this_process(), Job.name.in_(list(names)))
        db.session.execute(mine.values(lease_until=utcnow() + JOB_LEASE))
        db.session.commit()


def hasten() -> None:
    """Make the jobs due that see work before their time and do not run: nobody waits for a period to end."""
    names = [name for name, job in JOBS.items() if _sees_work(job)]
    if names:
        now = utcnow()
        idle = update(Job).where(Job.name.in_(names), Job.next_run > now, _is_free(now))
        db.session.commit()
        db.session.execute(idle.values(next_run=now))
    db.session.commit()


def _sees_work(job):
    try:
        return job.has_work()
    except SQLAlchemyError:  # the job itself meets it at its time, and its row shows it
        db.session.rollback()
        return False


def claim_due() -> list[str]:
    """Claim the jobs that are due and that nobody runs; return their names."""
    names = db.session.scalars(select(Job.name).where(Job.name.in_(JOBS), *_due(utcnow()))).all()
    db.session.commit()  # SQLite refuses a write at once in a transaction that read before somebody else wrote
    return [name for name in names if claim(name)]


def claim(name: str, even_if_not_due: bool = False) -> bool:
    """Claim one job by one conditional UPDATE: of all who try at the same instant, one succeeds."""
    now = utcnow()
    conditions = _due(now)[even_if_not_due:]
    values = {"owner": this_process(), "lease_until": now + JOB_LEASE}
    claimed = db.session.execute(update(Job).where(Job.name == name, *conditions).values(**values)).rowcount == 1
    db.session.commit()
    return claimed


def _due(now):
    return (Job.next_run <= now, _is_free(now))


def _is_free(now):
    return or_(Job.lease_until.is_(None), Job.lease_until <= now)


def run(name: str) -> bool:
    """Run a claimed job and write down how it went; an error stays in its row and stops nothing else."""
    start, error = utcnow(), ""
    try:
        JOBS[name].function()
    except Exception:
        error = traceback.format_exc()
        log.exception("the job %s failed", name)
    finally:
        db.session.rollback()
    now = utcnow()
    at = max(next_run(name, start), now)
    values = {
        "owner": None, "lease_until": None, "last_run": start, "seconds": (now - start).total_seconds(),
        "outcome": error, "runs": Job.runs + 1, "next_run": min(at, _again(name, now)) if error else at,
    }  # fmt: skip
    values |= {"failures": Job.failures + 1} if error else {"failures": 0, "last_success": now}
    db.session.execute(update(Job).where(Job.name == name, Job.owner == this_process()).values(**values))
    db.session.commit()
    return not error


def _again(name, now):
    failures = db.session.scalar(select(Job.failures).where(Job.name == name)) or 0
    return now + RETRY_AFTER * 2 ** min(failures, 15)


def next_run(name: str, after: datetime) -> datetime:
    """Return when a job runs next, from its trigger; all triggers count in UTC, which no summer time troubles."""
    return JOBS[name].trigger.get_next_fire_time(after, after)


def late_jobs() -> list[str]:
    """Return the known jobs that have not succeeded for three periods (nor for `LATE_AFTER`)."""
    now, late = utcnow(), []
    for job in db.session.scalars(select(Job).where(Job.name.in_(JOBS))):
        coming = next_run(job.name, now)
        period = next_run(job.name, coming + timedelta(seconds=1)) - coming
        if job.last_success and now - job.last_success > max(3 * period, LATE_AFTER):
            late.append(job.name)
    return late


def serve(app: Flask) -> None:
    """Run the clock in this process until it is told to stop."""
    clock, ended = Clock(app), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *event: ended.set())
    clock.start()
    ended.wait()
    clock.stop()
