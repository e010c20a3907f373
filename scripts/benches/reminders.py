"""How long the reminders and the digests of a morning take to prepare: scripts/bench reminders

One event with 10,000 people registered, and 1,000 councils of 10 members each that meet, then that have something new,
without and with discussions that their members follow; on SQLite and, where it is installed, on PostgreSQL. Nothing of
the site's own database is read or written.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta

import sqlalchemy as sa

import config
from app import create_app
from app.extensions import begin_write, db
from app.jobs import digests as digesting
from app.jobs import reminders as reminding
from app.labels import AlertTopic, RegistrationStatus, Rhythm, UserStatus, Visibility
from app.models import (
    Activity,
    AlertChoice,
    Category,
    Council,
    Delivery,
    Document,
    Event,
    Message,
    Registration,
    Topic,
    TopicCursor,
    User,
)
from app.models.types import utcnow
from app.notifications import changes, dispatch, reminders
from app.notifications.discussions import POSTED
from app.services import publishing
from scripts.benches.measure import ROOT
from scripts.benches.outbox import on_both

PEOPLE, COUNCILS = 10_000, 1000
TOPICS, MESSAGES, FOLLOWED = 200, 20, 10  # of a day: topics, new messages in each, topics that each person follows
GOAL = 10  # seconds


def main():
    """Measure on SQLite, then again in a copy of this process that has a PostgreSQL server."""
    on_both("reminders", measure)


def measure(name, new_database):
    """Print the lines of one kind of database."""
    for what, fill, prepare in (
        ("1 événement", fill_one, prepare_reminders),
        (f"{COUNCILS} événements", fill_meetings, prepare_reminders),
        (f"{COUNCILS} conseils", fill_news, prepare_digests),
        ("et discussions", fill_discussed, prepare_digests),
    ):
        with tempfile.TemporaryDirectory() as folder, new_database(folder) as url:
            env = {"INSTANCE_DIR": folder, "DATABASE_URL": url, "PRODUCTION": ""}
            command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
            subprocess.run(command, env=os.environ | env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
            with create_app(config.load(env)).app_context():
                fill()
                print(f"{name:12}{what:17}{prepare()}")
                db.session.remove()
                db.engine.dispose()


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


def fill_meetings():
    """Let all councils meet this evening."""
    begin_write()
    for number, council in enumerate(people_of_councils()):
        announce(number, council_id=council.id, level=Visibility.COUNCIL)
    db.session.flush()
    db.session.execute(sa.update(Event.__table__).values(remind_at=utcnow()))
    db.session.commit()


def fill_news():
    """Let each council have a new document and an event that was moved, and each of their members a digest that is
    due."""
    begin_write()
    now = utcnow()
    yesterday, told = now - timedelta(days=1), now - timedelta(hours=5)
    for number, council in enumerate(people_of_councils(digest_at=now, daily_until=yesterday, weekly_until=yesterday)):
        known = {"key": f"d{number:031}", "title": f"Document {number}", "slug": "document"}
        db.session.add(Document(**known, council_id=council.id, level=Visibility.COUNCIL, published_at=told))
        event = announce(number, council_id=council.id, level=Visibility.COUNCIL)
        db.session.flush()
        before = changes.kept(publishing.content_of(event) | {"place": "Ailleurs"}, [], is_quiet=False)
        dispatch.record("event.changed", event, data=before).dispatched_at = told
    db.session.execute(sa.update(Activity.__table__).values(created_at=told))
    rows = [
        {"user_id": one, "topic": AlertTopic.EVENT, "rhythm": Rhythm.DAILY}
        for one in db.session.scalars(sa.select(User.id))
    ]
    db.session.execute(sa.insert(AlertChoice), rows)
    db.session.commit()


def fill_discussed():
    """The same, and each person follows some topics where others have written."""
    fill_news()
    begin_write()
    told = utcnow() - timedelta(hours=5)
    people = db.session.scalars(sa.select(User.id).order_by(User.id)).all()
    category = Category(slug="vie", name="Vie des conseils")
    topics = [
        Topic(category=category, key=f"t{number:031}", title=f"Sujet {number}", slug="sujet", last_at=told,
              last_number=MESSAGES, author_id=people[number], created_at=told)
        for number in range(TOPICS)
    ]  # fmt: skip
    db.session.add_all(topics)
    db.session.flush()
    messages = [
        Message(topic=topic, number=number, key=f"m{topic.id:020}{number:011}", text="Oui.", html="<p>Oui.</p>",
                author_id=topic.author_id, created_at=told)
        for topic in topics for number in range(1, MESSAGES + 1)
    ]  # fmt: skip
    db.session.add_all(messages)
    db.session.flush()
    about = {"verb": POSTED, "subject_type": Message.__tablename__, "created_at": told, "dispatched_at": told}
    db.session.execute(sa.insert(Activity), [about | {"subject_id": one.id} for one in messages])
    cursors = [
        {"user_id": one, "topic_id": topics[(place + step) % TOPICS].id, "number": 1, "is_followed": True}
        for place, one in enumerate(people) for step in range(FOLLOWED)
    ]  # fmt: skip
    db.session.execute(sa.insert(TopicCursor), cursors)
    daily = {"topic": AlertTopic.FORUM, "rhythm": Rhythm.DAILY}
    db.session.execute(sa.insert(AlertChoice), [daily | {"user_id": one} for one in people])
    db.session.commit()


def people_of_councils(**columns):
    """Return new councils, all of the same size."""
    councils = [Council(name=f"Conseil {number}", slug=f"conseil-{number}") for number in range(COUNCILS)]
    db.session.add_all(councils)
    db.session.flush()
    for number, council in enumerate(councils):
        db.session.add_all(
            User(email=f"m{one}.{number}@x.fr", first_name="Une", last_name="Personne", council_id=council.id,
                 status=UserStatus.ACTIVE, **columns)
            for one in range(PEOPLE // COUNCILS)
        )  # fmt: skip
    db.session.flush()
    return councils


def announce(number, **columns):
    """Add an event of this evening."""
    soon = utcnow() + timedelta(hours=3)
    known = {"key": f"{number:032}", "title": f"Réunion {number}", "slug": "reunion", "place": "Maison de quartier"}
    event = Event(starts_at=soon, published_at=soon - timedelta(days=9), **known, **columns)
    db.session.add(event)
    return event


def prepare_reminders():
    """Run the job until nothing is due; say how long it takes, and its longest transaction."""
    longest, write = [], reminding._write

    def timed(*arguments):
        start = time.perf_counter()
        write(*arguments)
        longest.append(time.perf_counter() - start)

    reminding._write = timed
    seconds = run(reminders.is_any_due, reminding.remind)
    reminding._write = write
    return (f"{PEOPLE} rappels en {seconds:4.1f} s (but : {GOAL} s) ; "
            f"les autres écritures attendent {max(longest) * 1000:.0f} ms au plus")  # fmt: skip


def prepare_digests():
    """Run the job until nobody's turn is left; say how long it takes, and what it asks the database."""
    asked = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *_: asked.append(1))
    seconds = run(digesting.is_any_due, digesting.digest)
    of_a_lot = len(asked) * digesting.LOT // PEOPLE
    return (f"{PEOPLE} résumés en {seconds:4.1f} s (but : {GOAL} s) ; "
            f"{of_a_lot} requêtes par lot de {digesting.LOT} personnes")  # fmt: skip


def run(is_any_due, job):
    """Run a job until nothing is due; return the seconds."""
    start = time.perf_counter()
    while is_any_due():
        job()
    seconds = time.perf_counter() - start
    made = db.session.scalar(sa.select(sa.func.count()).select_from(Delivery))
    if made != PEOPLE:
        raise RuntimeError(f"{made} messages au lieu de {PEOPLE}")
    return seconds


if __name__ == "__main__":
    main()
