"""How long the reminders of a morning take to prepare: scripts/bench reminders

One event with 10,000 people registered, and 1,000 councils that meet, of 10 members each; on SQLite and, where it is
installed, on PostgreSQL. Nothing of the site's own database is read or written.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

import config
from app import create_app
from app.extensions import begin_write, db
from app.jobs import reminders as job
from app.labels import RegistrationStatus, UserStatus, Visibility
from app.models import Council, Delivery, Event, Registration, User
from app.models.types import utcnow
from app.notifications import reminders
from scripts.benches.measure import ROOT
from scripts.benches.outbox import POSTGRES, postgres, sqlite

PEOPLE = 10_000
GOAL = 10  # seconds


def main():
    """Measure on SQLite, then again in a copy of this process that has a PostgreSQL server."""
    if POSTGRES:
        measure("PostgreSQL", postgres)
        return
    measure("SQLite", sqlite)
    if Path("/usr/lib/postgresql").exists():
        sys.stdout.flush()
        command = ["scripts/with-postgres", sys.executable, "-m", "scripts.benches.reminders"]
        subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
    else:
        print("PostgreSQL  pas mesuré : il n’est pas installé (sudo apt-get install postgresql).")


def measure(name, new_database):
    """Print the lines of one kind of database."""
    for events in (1, 1000):
        with tempfile.TemporaryDirectory() as folder, new_database(folder) as url:
            env = {"INSTANCE_DIR": folder, "DATABASE_URL": url, "PRODUCTION": ""}
            command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
            subprocess.run(command, env=os.environ | env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
            with create_app(config.load(env)).app_context():
                fill_one() if events == 1 else fill_many(events)
                seconds, longest = prepare()
                db.session.remove()
                db.engine.dispose()
        what = "1 événement" if events == 1 else f"{events} événements"
        print(f"{name:12}{what:17}{PEOPLE} rappels en {seconds:4.1f} s (but : {GOAL} s) ; "
              f"les autres écritures attendent {longest * 1000:.0f} ms au plus")  # fmt: skip


def fill_one():
    """Make one event of this evening, for which all have registered."""
    begin_write()
    event = announce(0, organiser="Le centre", takes_registrations=True, level=Visibility.PUBLIC)
    db.session.flush()
    event.remind_at = utcnow()
    db.session.add_all(
        Registration(event_id=event.id, key=f"p{number}@x.fr", email=f"p{number}@x.fr", name="Une Personne",
                     status=RegistrationStatus.CONFIRMED)
        for number in range(PEOPLE)
    )  # fmt: skip
    db.session.commit()


def fill_many(events):
    """Let as many councils meet this evening, all of the same size."""
    begin_write()
    councils = [Council(name=f"Conseil {number}", slug=f"conseil-{number}") for number in range(events)]
    db.session.add_all(councils)
    db.session.flush()
    for number, council in enumerate(councils):
        announce(number, council_id=council.id, level=Visibility.COUNCIL)
        db.session.add_all(
            User(email=f"m{one}.{number}@x.fr", first_name="Une", last_name="Personne", council_id=council.id,
                 status=UserStatus.ACTIVE)
            for one in range(PEOPLE // events)
        )  # fmt: skip
    db.session.flush()
    db.session.execute(sa.update(Event.__table__).values(remind_at=utcnow()))
    db.session.commit()


def announce(number, **columns):
    """Add an event of this evening."""
    soon = utcnow() + timedelta(hours=3)
    known = {"key": f"{number:032}", "title": f"Réunion {number}", "slug": "reunion", "place": "Maison de quartier"}
    event = Event(starts_at=soon, published_at=soon - timedelta(days=9), **known, **columns)
    db.session.add(event)
    return event


def prepare():
    """Run the job until nothing is due; return the seconds, and those of the longest transaction."""
    longest, write = [], job._write

    def timed(*arguments):
        start = time.perf_counter()
        write(*arguments)
        longest.append(time.perf_counter() - start)

    job._write = timed
    start = time.perf_counter()
    while reminders.is_any_due():
        job.remind()
    seconds = time.perf_counter() - start
    job._write = write
    made = db.session.scalar(sa.select(sa.func.count()).select_from(Delivery))
    if made != PEOPLE:
        raise RuntimeError(f"{made} rappels au lieu de {PEOPLE}")
    return seconds, max(longest)


if __name__ == "__main__":
    main()
