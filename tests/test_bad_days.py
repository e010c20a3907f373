"""Bad days: processes die, databases lock, disks fill up, and every message still leaves, once."""

import email
import multiprocessing
import os
import random
import resource
import signal
import socket
import time
import uuid
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask_migrate import upgrade

from app import create_app
from app.extensions import begin_write, db
from app.jobs import clock, dispatching
from app.jobs.owner import this_process
from app.labels import Channel, DeliveryState
from app.models import Activity, Delivery, Job, Lease
from app.models.types import utcnow
from tests import bad_days_worker as worker
from tests.conftest import named

POSTGRES = os.environ.get("TEST_DATABASE_URL")
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.bad_days_worker"])
slow = pytest.mark.slow


class Box:
    """A real SMTP server on loopback that notes who got which mail."""

    def __init__(self):
        self.mails = []  # (recipient, Message-ID)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        mail = email.message_from_bytes(envelope.content)
        self.mails += [(recipient, mail["Message-ID"]) for recipient in envelope.rcpt_tos]
        return "250 OK"

    @property
    def copies(self):
        """How many copies each recipient got."""
        return Counter(recipient for recipient, _ in self.mails)


class Site:
    """A site with a database of its own, its mail server and the processes that work for it."""

    def __init__(self, folder, url):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.env = {
            "INSTANCE_DIR": str(folder), "DATABASE_URL": url, "SECRET_KEY": "a key for tests, and only for tests",
            "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), "MAIL_SECURITY": "aucune",
            "LOG": str(folder / "log"), "RUNS": str(folder / "runs"), "WAITS": str(folder / "waits"),
        }  # fmt: skip
        self.box = Box()
        self.server = Controller(self.box, hostname="127.0.0.1", port=port)
        self.app = create_app(worker.settings(self.env))
        self.processes = []

    def start(self, work, *arguments, **env):
        """Start a process that does `work` of `bad_days_worker`."""
        process = FORKS.Process(target=work, args=(self.env | env, *arguments), daemon=True)
        process.start()
        self.processes.append(process)
        return process

    def kill(self, process):
        """Kill without a word, as a crash of the machine or the kernel short of memory does."""
        process.kill()
        process.join()

    @property
    def log(self):
        path = Path(self.env["LOG"])
        return path.read_text() if path.exists() else ""

    def wait_for_mails(self, number, seconds=60):
        wait(lambda: len(self.box.mails) >= number, seconds, lambda: f"{len(self.box.mails)} of {number}: {self.log}")

    def wait_until_all_left(self, seconds=60):
        def none_left():
            return count(Delivery, Delivery.state != DeliveryState.SENT, Delivery.channel == Channel.MAIL) == 0

        wait(none_left, seconds, lambda: self.log)


def wait(condition, seconds, explain=lambda: ""):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.02)


def count(model, *conditions):
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions))


@pytest.fixture
def site(tmp_path):
    url, name = f"sqlite:///{tmp_path / 'own.sqlite3'}", f"own_{uuid.uuid4().hex}"
    if POSTGRES:
        admin = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        url = named(POSTGRES, name)
    site = Site(tmp_path, url)
    with site.app.app_context():
        upgrade()
        site.server.start()
        yield site
        for process in site.processes:
            site.kill(process)
        site.server.stop()
        db.session.remove()
        db.engine.dispose()
    if POSTGRES:
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


# Killed while sending ---------------------------------------------------------------------------------------------


@slow
@pytest.mark.parametrize(("mails", "kills"), [(1000, 200)])
def test_a_sender_killed_again_and_again_forgets_nobody_and_flags_what_may_be_double(site, mails, kills):
    worker.post(mails)
    for done in range(kills):
        sender = site.start(worker.send)
        # In the middle of its work: after a few mails of its own, unless all are claimed by the dead or gone.
        goal = min(len(site.box.mails) + 1, mails * (done + 1) // (kills + 1))
        site.wait_for_mails(goal)
        time.sleep(random.uniform(0, 0.03))  # noqa: S311 - any instant will do
        site.kill(sender)
    site.start(worker.send)
    site.wait_until_all_left()
    copies = site.box.copies
    flagged = set(db.session.scalars(sa.select(Delivery.recipient).where(Delivery.is_maybe_double)))
    double = {recipient for recipient, number in copies.items() if number > 1}
    print(f"{mails} mails, {kills} kills: {len(double)} double, {len(flagged)} flagged")
    assert len(copies) == mails
    assert double <= flagged
    assert copies.total() - mails <= kills and len(flagged) <= kills
    assert len(set(site.box.mails)) == mails, "a copy bears another Message-ID"
    assert site.log == ""


# Several at once --------------------------------------------------------------------------------------------------


def happen(activities, people):
    begin_write()
    for _ in range(activities):
        db.session.add(Activity(verb="bad day", subject_type="none", subject_id=people))
    db.session.commit()


@slow
@pytest.mark.parametrize(("processes", "ticks"), [(8, 200)])
def test_of_many_that_tick_one_runs_what_is_due_and_each_is_told_once(site, processes, ticks):
    happen(50, people=4)
    started = [site.start(worker.tick, ticks) for _ in range(processes)]
    for process in started:
        process.join(120)
        assert process.exitcode == 0
    runs = Path(site.env["RUNS"]).read_text().split()
    print(f"{processes} processes, {ticks} ticks: {len(runs)} runs")
    assert len(runs) == len(set(runs)) >= processes
    assert db.session.get(Job, "note").runs == len(runs)
    told = db.session.execute(sa.select(Delivery.activity_id, Delivery.recipient, Delivery.channel)).all()
    assert len(told) == len(set(told)) == 50 * 4 * 2
    assert count(Activity, Activity.dispatched_at.is_(None)) == 0
    assert site.log == ""


@slow
@pytest.mark.parametrize("activities", [10, 200])
def test_four_processes_that_dispatch_and_send_at_once_send_nothing_twice(site, activities):
    happen(activities, people=10)
    for _ in range(4):
        site.start(worker.dispatch_and_send)
    site.wait_for_mails(activities * 10)
    site.wait_until_all_left()
    assert len(site.box.mails) == len(site.box.copies) == activities * 10
    assert count(Delivery, Delivery.is_maybe_double) == 0
    assert site.log == ""


# The database says no ---------------------------------------------------------------------------------------------


def errors_of_jobs():
    db.session.rollback()
    return "".join(db.session.scalars(sa.select(Job.outcome)))


@slow
def test_a_locked_database_stops_the_mails_and_loses_none(site):
    worker.post(150)
    site.start(worker.serve, IMPATIENT="1")
    site.wait_for_mails(20)
    begin_write()
    if POSTGRES:
        db.session.execute(sa.text("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE"))
    time.sleep(1.5)
    stopped_at = len(site.box.mails)
    time.sleep(1)
    assert len(site.box.mails) == stopped_at < 150
    db.session.commit()
    site.wait_until_all_left()
    assert POSTGRES or "database is locked" in site.log
    assert_nothing_lost(site, 150, failures=3)


@pytest.mark.skipif(bool(POSTGRES), reason="the disk of PostgreSQL is not the site's")
@slow
def test_a_full_disk_stops_the_mails_and_loses_none(site):
    worker.post(150)
    server = site.start(worker.serve)
    site.wait_for_mails(20)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
    time.sleep(2)
    stopped_at = len(site.box.mails)
    time.sleep(1)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert len(site.box.mails) <= stopped_at + 1 < 150
    site.wait_until_all_left()
    assert "disk" in site.log
    assert_nothing_lost(site, 150, failures=3)


def assert_nothing_lost(site, mails, failures):
    flagged = set(db.session.scalars(sa.select(Delivery.recipient).where(Delivery.is_maybe_double)))
    assert len(site.box.copies) == mails
    assert {recipient for recipient, number in site.box.copies.items() if number > 1} <= flagged
    assert len(flagged) <= failures
    assert len(set(site.box.mails)) == mails, "a copy bears another Message-ID"
    wait(lambda: errors_of_jobs() == "", 10, errors_of_jobs)  # it went on, and well


@slow
def test_an_error_stays_in_the_row_of_its_job_until_it_goes_well_again(site):
    site.start(worker.serve)
    wait(lambda: count(Job, Job.runs > 1), 20)
    begin_write()
    db.session.execute(sa.text("ALTER TABLE activities RENAME TO hidden"))
    db.session.commit()
    wait(lambda: "activities" in errors_of_jobs(), 20, lambda: site.log)
    begin_write()
    db.session.execute(sa.text("ALTER TABLE hidden RENAME TO activities"))
    db.session.commit()
    wait(lambda: errors_of_jobs() == "", 20, errors_of_jobs)


# The leader dies --------------------------------------------------------------------------------------------------


def leader():
    db.session.rollback()
    lease = db.session.get(Lease, "clock")
    return lease.owner if lease.until and lease.until > utcnow() else None


@slow
def test_when_the_leader_is_killed_another_takes_the_clock_and_the_jobs(site):
    started = {str(process.pid): process for process in (site.start(worker.serve), site.start(worker.serve))}
    wait(leader, 20, lambda: site.log)
    first = leader()
    os.kill(started[first.split("-")[-2]].pid, signal.SIGKILL)
    killed_at = utcnow()
    worker.post(5)
    wait(lambda: leader() not in (None, first), 10, lambda: site.log)
    site.wait_for_mails(5, 10)
    print(f"taken over after {utcnow() - killed_at}")
    # The same with the leases of the site: a dead leader, and the job it was running, are followed within a minute.
    assert max(clock.LEASE, clock.JOB_LEASE) + 2 * timedelta(seconds=clock.TICK) < timedelta(minutes=1)
    assert this_process() != first


# The site meanwhile -----------------------------------------------------------------------------------------------


@contextmanager
def writing(site):
    """Write as pages do meanwhile; yield a list that holds the seconds of each write at the end, the longest last."""
    waits, writer = [], site.start(worker.write)
    wait(lambda: Path(site.env["WAITS"]).exists(), 10, lambda: site.log)
    start = time.monotonic()
    yield waits
    seconds = time.monotonic() - start
    site.kill(writer)
    waits += sorted(float(line) for line in Path(site.env["WAITS"]).read_text().splitlines()[:-1])
    print(f"in {seconds:.1f} s {len(waits)} writes, the longest took {waits[-1] * 1000:.0f} ms, "
          f"99 % at most {waits[len(waits) * 99 // 100] * 1000:.0f} ms")  # fmt: skip
    assert len(waits) > 10


@slow
@pytest.mark.parametrize("mails", [200, 10_000])
def test_a_web_write_waits_less_than_a_second_while_mails_leave(site, mails):
    worker.post(mails)
    with writing(site) as waits:
        for _ in range(2):
            site.start(worker.send)
        site.wait_for_mails(mails, 300)
    assert waits[len(waits) * 99 // 100] < 1  # the longest of thousands is the machine's, and printed


@slow
def test_a_web_write_waits_less_than_a_second_while_a_crowd_is_told(site):
    happen(1, people=5000)
    with writing(site) as waits:
        site.start(worker.send, dispatching.dispatch)
        wait(lambda: count(Activity, Activity.dispatched_at.is_(None)) == 0, 60, lambda: site.log)
    assert count(Delivery) == 2 * 5000
    assert waits[-1] < 1


@slow
def test_a_process_killed_again_and_again_while_it_tells_a_crowd_forgets_nobody(site):
    happen(1, people=5000)
    for lots in range(1, 8):
        teller = site.start(worker.send, dispatching.dispatch)
        wait(lambda lots=lots: count(Delivery) >= lots * dispatching.LOT, 30, lambda: site.log)
        site.kill(teller)
        begin_write()
        db.session.execute(sa.update(Activity).values(next_attempt_at=utcnow()))  # as if its lease had ended
        db.session.commit()
    site.start(worker.send, dispatching.dispatch)
    wait(lambda: count(Activity, Activity.dispatched_at.is_(None)) == 0, 60, lambda: site.log)
    told = db.session.execute(sa.select(Delivery.recipient, Delivery.channel)).all()
    assert len(told) == len(set(told)) == 2 * 5000
    assert site.log == ""
