"""How fast mails leave, and how long a web write waits meanwhile: scripts/bench outbox

Mails go to an SMTP server on this machine, from 1 and from 4 processes, on SQLite and, where it is installed, on
PostgreSQL. Then 1,000 are posted at once to a site whose clock runs: which share is handed over within ten seconds?
BENCH_MAILS: how many mails (2,000 by default). Nothing of the site's own database is read or written.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from aiosmtpd.controller import Controller

import config
from app import create_app
from app.extensions import begin_write, db
from app.jobs import clock, sending
from app.labels import DeliveryState, Priority
from app.models import Delivery
from app.models.stamp import PAGES, renew
from app.notifications import outbox
from app.notifications.message import Message
from scripts.benches.measure import ROOT, free_port

MAILS = int(os.environ.get("BENCH_MAILS") or 2000)
AT_ONCE = 1000
PROMPT = 10  # seconds
POSTGRES = os.environ.get("TEST_DATABASE_URL")
FORKS = multiprocessing.get_context("forkserver")
MESSAGE = Message(subject="Réunion jeudi", paragraphs=("Le conseil se réunit jeudi à 18 h.",) * 5)


def main():
    """Measure on SQLite, then again in a copy of this process that has a PostgreSQL server."""
    FORKS.set_forkserver_preload(["aiosmtpd.controller", "app.jobs.clock"])  # so that a process starts at once
    if not POSTGRES:
        print(f"{'':12}{'processus':>10}{'courriels/s':>13}{'attente la plus longue d’une écriture du site, ms':>52}")
    on_both("outbox", measure)


def on_both(bench, measure):
    """Call `measure` (name, new database) for SQLite, then again in a copy of this process that has PostgreSQL."""
    if POSTGRES:
        measure("PostgreSQL", postgres)
        return
    measure("SQLite", sqlite)
    if Path("/usr/lib/postgresql").exists():
        sys.stdout.flush()
        command = ["scripts/with-postgres", sys.executable, "-m", f"scripts.benches.{bench}"]
        subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
    else:
        print("PostgreSQL  pas mesuré : il n’est pas installé (sudo apt-get install postgresql).")


@contextmanager
def sqlite(folder):
    """Yield the address of a new SQLite database."""
    yield f"sqlite:///{folder}/bench.sqlite3"


@contextmanager
def postgres(folder):
    """Yield the address of a new database of the server."""
    name = f"bench_{uuid.uuid4().hex}"
    engine = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        try:
            yield POSTGRES.replace("/postgres?", f"/{name}?")
        finally:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


def measure(name, new_database):
    """Print the lines of one kind of database."""
    for processes in (1, 4):
        with site(new_database) as env:
            rate, waited = leave(env, processes)
            print(f"{name:12}{processes:10}{rate:13.0f}{waited * 1000:52.0f}")
    with site(new_database) as env:
        share, last = promptness(env)
        print(f"{name:12}{AT_ONCE} d’un coup : {share:.0%} remis en {PROMPT} s (but : 95 %), tous en {last:.0f} s")


@contextmanager
def site(new_database):
    """Yield the environment of a site of its own, with a mail server."""
    with tempfile.TemporaryDirectory() as folder, new_database(folder) as url:
        port = free_port()
        env = {
            "INSTANCE_DIR": folder, "DATABASE_URL": url, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port),
            "MAIL_SECURITY": "aucune", "PRODUCTION": "", "WAITS": f"{folder}/waits",
        }  # fmt: skip
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        subprocess.run(command, env=os.environ | env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        with process(receive, port):
            yield env


@contextmanager
def process(work, *arguments):
    """Run `work` in a process of its own; kill it at the end."""
    started = FORKS.Process(target=work, args=arguments, daemon=True)
    started.start()
    try:
        yield started
    finally:
        started.kill()
        started.join()


def leave(env, processes):
    """Return the mails per second that some processes hand over, and the longest wait of a write meanwhile."""
    with create_app(config.load(env)).app_context():
        post(MAILS)
        with process(write, env):
            wait_until(Path(env["WAITS"]).exists)
            start = time.perf_counter()
            workers = [FORKS.Process(target=send, args=(env,), daemon=True) for _ in range(processes)]
            for worker in workers:
                worker.start()
            wait_until(lambda: left_since(datetime.min.replace(tzinfo=UTC)) == MAILS)
            seconds = time.perf_counter() - start
            for worker in workers:
                worker.kill()
                worker.join()
        db.engine.dispose()
    waits = [float(line) for line in Path(env["WAITS"]).read_text().splitlines()[:-1]]
    return MAILS / seconds, max(waits)


def promptness(env):
    """Return the share of many mails, posted at once, that left in time, and the seconds until the last left."""
    with create_app(config.load(env)).app_context(), process(serve, env):
        time.sleep(2 * clock.TICK)  # the clock runs, as it does on a site
        start = datetime.now(UTC)
        post(AT_ONCE)
        wait_until(lambda: left_since(start) == AT_ONCE)
        seconds = sorted((sent - start).total_seconds() for sent in db.session.scalars(sa.select(Delivery.sent_at)))
        db.session.remove()
        db.engine.dispose()
    return sum(waited <= PROMPT for waited in seconds) / AT_ONCE, seconds[-1]


def left_since(moment):
    """Return how many mails left since an instant."""
    db.session.rollback()
    sent = sa.select(sa.func.count()).where(Delivery.state == DeliveryState.SENT, Delivery.sent_at >= moment)
    return db.session.scalar(sent)


def wait_until(condition):
    """Wait; look seldom enough not to weigh on what is measured."""
    while not condition():
        time.sleep(0.05)


def post(count):
    """Post mails in one transaction."""
    begin_write()
    for number in range(count):
        outbox.post(MESSAGE, to=f"m{number}@ex.fr", key=f"bench:{number}", kind="alert", priority=Priority.ALERT)
    db.session.commit()


# What the processes do --------------------------------------------------------------------------------------------


class Box:
    """A mail server that takes everything."""

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        """Take a mail."""
        return "250 OK"


def receive(port):
    """Be the mail server."""
    Controller(Box(), hostname="127.0.0.1", port=port).start()
    while True:
        time.sleep(60)


def send(env):
    """Send mails until the end."""
    with create_app(config.load(env)).app_context():
        while True:
            sending.send_mails()
            time.sleep(0.01)


def serve(env):
    """Run the clock, as the site does."""
    clock.serve(create_app(config.load(env)))


def write(env):
    """Write as a page does, a hundred times a second at most; note the seconds of each write."""
    with create_app(config.load(env)).app_context(), open(env["WAITS"], "a", buffering=1) as waits:
        while True:
            start = time.perf_counter()
            begin_write()
            renew(PAGES)
            db.session.commit()
            waits.write(f"{time.perf_counter() - start}\n")
            time.sleep(0.01)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
