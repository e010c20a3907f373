"""How long the monthly letter takes: scripts/bench letters

A full letter is prepared for members and subscribers, three of two hundred with a dead address, and sent by one
process to an SMTP server on this machine, on SQLite and, where it is installed, on PostgreSQL; before, all is held back
and resumed once. Meanwhile another process writes as a page does. BENCH_LETTERS: how many people (20,000 by default).
Nothing of the site’s own database is read or written.
"""

import os
import resource
import time
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import sqlalchemy as sa
from aiosmtpd.controller import Controller

import config
from app import create_app
from app.extensions import begin_write, db
from app.jobs import mailing as job
from app.jobs import sending
from app.labels import DeliveryState, Role, UserStatus
from app.models import Delivery, NewsletterIssue, NewsletterItem, Subscriber, User
from app.models.types import utcnow
from app.notifications import mail
from app.services import mailing
from scripts.benches import outbox
from scripts.benches.measure import free_port
from scripts.benches.outbox import FORKS, on_both, process, site, wait_until

PEOPLE = int(os.environ.get("BENCH_LETTERS") or 20_000)
DEAD = 3 * PEOPLE // 200
SECTIONS = ("news", "resources", "actions", "press", "events", "briefs", "figures")
ITEMS = 4  # of each section


def main():
    """Measure on both kinds of database."""
    FORKS.set_forkserver_preload(["aiosmtpd.controller", "app.jobs.clock"])
    on_both("letters", measure)


def measure(name, new_database):
    """Print what one letter takes."""
    with site(new_database) as env:
        port = str(free_port())
        with process(receive, int(port)):
            run(name, env | {"MAIL_PORT": port, "MAIL_DAILY_QUOTA": ""})


def run(name, env):
    """Prepare, hold back, prepare again, send."""
    with create_app(config.load(env)).app_context():
        issue_id, user_id = begin()
        print(f"{name} : {PEOPLE} personnes, dont {DEAD} adresses mortes")
        before = size()
        with process(outbox.write, env):
            wait_until(Path(env["WAITS"]).exists)
            tell("préparer", timed(job.send_letters))
            weight = len(mail.make(db.session.scalar(sa.select(Delivery).limit(1))).as_bytes())
            print(f"  une lettre pèse {weight / 1024:.1f} Ko ; la base grandit de {(size() - before) / 2**20:.1f} Mo")
            tell("arrêter", timed(lambda: act(mailing.stop, issue_id, user_id)))
            tell("reprendre", timed(lambda: act(mailing.resume, issue_id, user_id)) + timed(job.send_letters))
            seconds = timed(empty)
            tell("envoyer", seconds, f", {PEOPLE / seconds:.0f} courriels/s")
        waits = [float(line) for line in Path(env["WAITS"]).read_text().splitlines()[:-1]]
        print(f"  attente la plus longue d’une écriture du site : {max(waits) * 1000:.0f} ms")
        job.send_letters()
        told = mailing.figures(db.session.get(NewsletterIssue, issue_id))
        print(f"  {told.sent} envoyées, {told.failed} échecs, {told.waiting} en attente")
        print(f"  mémoire : {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} Mo au plus")
        db.session.remove()
        db.engine.dispose()


def tell(words, seconds, more=""):
    """Print what something took."""
    print(f"  {words:10}{seconds:8.2f} s{more}", flush=True)


def timed(act):
    """Return the seconds that something takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def size():
    """Return the bytes of the database."""
    if db.engine.dialect.name == "postgresql":
        return db.session.scalar(sa.text("SELECT pg_database_size(current_database())"))
    return db.session.scalar(sa.text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))


def act(verb, issue_id, user_id):
    """Do what a button of the animator does."""
    begin_write()
    verb(db.session.get(NewsletterIssue, issue_id), db.session.get(User, user_id))
    db.session.commit()


def begin():
    """Make people, half of them members, and a letter that begins to leave; return its id and that of the animator."""
    begin_write()
    now = utcnow()
    people = {"role": Role.MEMBER, "status": UserStatus.ACTIVE, "letter_since": now, "password_hash": ""}
    names = [f"{'dead' if number < DEAD else 'l'}{number}@ex.fr" for number in range(PEOPLE)]
    members = [people | {"email": name, "first_name": "Éloïse", "last_name": "Martin"} for name in names[::2]]
    db.session.execute(sa.insert(User), members)
    db.session.execute(sa.insert(Subscriber), [{"address": name, "confirmed_at": now} for name in names[1::2]])
    animator = User(**people | {"email": "a@ex.fr", "first_name": "A", "last_name": "B", "letter_since": None})
    issue = NewsletterIssue(
        month=date(2026, 11, 1), subject="La lettre des conseils citoyens – novembre 2026", sections=list(SECTIONS),
        introduction="Bonjour", introduction_html="<p>Bonjour à tous, et bonne lecture.</p>" * 5,
        since=now - timedelta(days=31), until=now,
    )  # fmt: skip
    issue.items = [item(section, position) for section in SECTIONS for position in range(ITEMS)]
    db.session.add_all([animator, issue])
    db.session.flush()
    mailing.send_now(issue, animator)
    ids = issue.id, animator.id
    db.session.commit()
    return ids


def item(section, position):
    """Return an item of usual length."""
    text = "Les conseils citoyens de la région se sont réunis pour préparer le contrat de ville. " * 3
    return NewsletterItem(
        section=section, position=position, title="Ce que les conseils citoyens ont fait ce mois-ci", text=text[:200],
        facts="Samedi 14 novembre 2026, de 18 h à 20 h · Bourg-en-Bresse", address="https://exemple.fr/a" + "x" * 40,
    )  # fmt: skip


def empty():
    """Send until nothing waits."""
    open_ones = sa.select(Delivery.id).where(Delivery.state.in_([DeliveryState.WAITING, DeliveryState.CLAIMED]))
    while db.session.scalar(open_ones.limit(1)):
        sending.send_mails()


class Box:
    """A mail server that knows some addresses to be dead."""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        """Refuse a dead address."""
        if address.startswith("dead"):
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        """Take a mail."""
        return "250 OK"


def receive(port):
    """Be the mail server."""
    Controller(Box(), hostname="127.0.0.1", port=port).start()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
