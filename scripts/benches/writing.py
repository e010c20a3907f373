"""Fifty people who write one document at the same time, and a document with a long history: scripts/bench writing

Each saves twenty times, at random paces, through HTTP; some lose their connection and send once more. Each sentence
bears a mark that must be in the final text, in a text put aside that waits or was dismissed, or among those that
somebody has deleted and saved so. Then 2,000
versions of a text of 200 KB: what they weigh, and how long it takes to open, compare and restore one. On SQLite and,
where it is installed, on PostgreSQL. BENCH_SAVES: how many saves each (20 by default), BENCH_VERSIONS: how many
versions (2,000). Nothing of the site's own database is read or written.
"""

import html
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests
import sqlalchemy as sa

import config
from app import create_app
from app.extensions import begin_write, db
from app.labels import SideOutcome, SideReason, UserStatus
from app.models import Council, Document, Revision, SideVersion, User
from app.models.types import utcnow
from app.services import accounts, cowriting
from scripts.benches.measure import ROOT, server
from scripts.benches.outbox import on_both

PEOPLE = 50
SAVES = int(os.environ.get("BENCH_SAVES") or 20)
VERSIONS = int(os.environ.get("BENCH_VERSIONS") or 2000)
THINK = 12.0  # seconds at most between two saves of one person
GOAL = 300  # milliseconds
WORDS = (
    "le la un une des conseil quartier réunion habitants budget école parc square voirie éclairage banc arbre vote "
    "charte année mois soir samedi salle centre social fête marché bus ligne trottoir propreté jeunes aînés parents"
).split()
MARK = re.compile(r"[A-Z]{2}\d+[a-z]\d+")
NOT_SETTLED = (
    SideVersion.reason != SideReason.PREVIEW,
    sa.or_(SideVersion.closed_at.is_(None), SideVersion.outcome == SideOutcome.DISMISSED),
)
HIDDEN = re.compile(r'<input id="[^"]*" name="([^"]+)" type="hidden" value="([^"]*)"')
AREA = re.compile(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>', re.S)
FORM = re.compile(r'<form method="post" action="([^"]*)" enctype.*?</form>', re.S)


def main():
    """Measure on SQLite, then again in a copy of this process that has a PostgreSQL server."""
    on_both("writing", measure)


def measure(name, new_database):
    """Print the lines of one kind of database."""
    for what in (write_together, look_back):
        with site(new_database) as (app, env):
            for line in what(app, env):
                print(f"{name:12}{line}", flush=True)


@contextmanager
def site(new_database):
    """Yield an application on a new, empty database, and its settings."""
    with tempfile.TemporaryDirectory() as folder, new_database(folder) as url:
        env = {"INSTANCE_DIR": folder, "DATABASE_URL": url, "PRODUCTION": "", "SECRET_KEY": "a key for a measure " * 2}
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        subprocess.run(command, env=os.environ | env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        app = create_app(config.load(env))
        with app.app_context():
            yield app, env
            db.session.remove()
            db.engine.dispose()


def people(app, count):
    """Add a council with so many members; return them, and the cookie of each."""
    begin_write()
    council = Council(name="Conseil", slug="conseil", latitude=45.0, longitude=5.0)
    db.session.add(council)
    db.session.flush()
    users = [
        User(
            email=f"p{number}@x.fr", first_name="Une", last_name=f"Personne {number}", council_id=council.id,
            status=UserStatus.ACTIVE, password_hash="-", role="member",  # noqa: S106 - nobody logs in by it
        )
        for number in range(count)
    ]  # fmt: skip
    db.session.add_all(users)
    db.session.flush()
    sign = app.session_interface.get_signing_serializer(app)
    cookies = [sign.dumps({"_user_id": accounts.log_in(user, is_long=False), "_fresh": True}) for user in users]
    db.session.commit()
    return users, cookies


def document(author, text):
    """Add the document that all write, and return it."""
    begin_write()
    item = Document(
        council_id=author.council_id, author_id=author.id, key="k" * 32, title="Charte", slug="charte", level="council",
        published_at=utcnow(), is_collaborative=True,
    )  # fmt: skip
    db.session.add(item)
    db.session.flush()
    cowriting.write(item, text, cowriting.rendered(item, text), author)
    db.session.commit()
    return item


def sentence(draw, mark=""):
    """Return a sentence of a few words, with its mark."""
    return f"{' '.join(draw.choices(WORDS, k=draw.randint(5, 14)))} {mark}".strip().capitalize() + "."


# Fifty people at once ---------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What happened to all of them. `marks`: those that were sent; `deleted`: those that somebody took away."""

    marks: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    milliseconds: list[float] = field(default_factory=list)
    conflicts: int = 0
    cut: int = 0
    wrong: list[str] = field(default_factory=list)


def write_together(app, env):
    """Yield what came of fifty people who write one document at once."""
    draw = random.Random(6)  # noqa: S311 - a measure, not a secret
    users, cookies = people(app, PEOPLE)
    text = "\n\n".join(
        f"## Partie {number}\n\n" + "\n\n".join(" ".join(sentence(draw) for _ in range(4)) for _ in range(6))
        for number in range(10)
    )
    item = document(users[0], text)
    tally, started = Tally(), time.perf_counter()
    with server("wsgi:app", env, "/sante") as base:
        address = f"{base}/documents/{item.id}-charte"
        writers = [Writer(number, address, cookie, tally) for number, cookie in enumerate(cookies)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    seconds = time.perf_counter() - started
    db.session.rollback()
    db.session.expire_all()
    item = db.session.get(Document, item.id)
    known = set(MARK.findall(item.description))
    for side in db.session.scalars(sa.select(SideVersion).where(*NOT_SETTLED)):
        known |= set(MARK.findall(side.text))
    lost = tally.marks - known - tally.deleted
    times = statistics.quantiles(tally.milliseconds, n=100)
    versions = db.session.scalar(sa.select(sa.func.count(Revision.id)))
    yield (
        f"{PEOPLE} personnes × {SAVES} : {seconds:.0f} s, {versions} versions, {tally.conflicts} textes mis à part, "
        f"{tally.cut} connexions coupées"
    )
    yield (
        f"un enregistrement : médiane {times[49]:.0f} ms, 95 % en {times[94]:.0f} ms (but 1 000), "
        f"le plus long {max(tally.milliseconds):.0f} ms"
    )
    yield f"phrases perdues : {len(lost)} sur {len(tally.marks)} ; erreurs : {len(tally.wrong)} {tally.wrong[:3]}"


class Writer(threading.Thread):
    """Somebody who opens the form, changes something, and saves, again and again."""

    def __init__(self, number, address, cookie, tally):
        super().__init__(daemon=True)
        self.number, self.address, self.tally = number, address, tally
        self.draw = random.Random(number)  # noqa: S311
        self.browser = requests.Session()
        self.browser.cookies.set("session", cookie, domain="127.0.0.1", path="/")

    def run(self):
        """Save as often as is asked for."""
        for turn in range(SAVES):
            time.sleep(self.draw.random() * THINK)
            try:
                self.save(turn)
            except Exception as error:  # noqa: BLE001 - a measure goes on and tells it
                self.tally.wrong.append(repr(error)[:200])

    def save(self, turn):
        """Change one thing and save it, to the end: a conflict is settled, a lost connection tried again."""
        part = self.draw.choice([None, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        page = self.browser.get(f"{self.address}/ecrire", params={} if part is None else {"partie": part}, timeout=60)
        fields = self.fields(page.text, "description")
        time.sleep(self.draw.random() * THINK / 2)  # they write
        mark = f"MK{self.number}x{turn}"
        fields["description"], gone = self.changed(fields["description"], mark)
        self.tally.marks.add(mark)
        fields["act"] = "save"
        if self.draw.random() < 0.1:
            self.cut(fields)
        if self.settle(self.post(f"{self.address}/ecrire", fields)):
            self.tally.deleted |= gone

    def changed(self, text, mark):
        """Return a text with a new sentence somewhere, or one in the place of another; and the marks that went."""
        lines = text.replace("\r\n", "\n").split("\n")
        places = [number for number, line in enumerate(lines) if line and not line.startswith("#")]
        place, gone = self.draw.choice(places or [0]), set()
        said = re.split(r"(?<=\.) ", lines[place]) if lines[place] else []
        if said and self.draw.random() < 0.2:
            gone = set(MARK.findall(said.pop(self.draw.randrange(len(said)))))
        said.insert(self.draw.randint(0, len(said)), sentence(self.draw, "")[:-1] + f" {mark}.")
        lines[place] = " ".join(said)
        return "\n".join(lines), gone

    def settle(self, answer):
        """Keep both texts wherever two have written the same place, until all is saved; tell whether it is."""
        for _ in range(20):
            if answer.status_code != 409:
                break
            self.tally.conflicts += 1
            form = next(form for form in FORM.finditer(answer.text) if "/a-part/" in form[1])
            fields = {name: html.unescape(value) for name, value in HIDDEN.findall(form[0])}
            fields |= {name: html.unescape(value) for name, value in AREA.findall(form[0])}
            fields |= dict.fromkeys(set(re.findall(r'name="(place_\d+)"', form[0])), "both")
            answer = self.post(self.address.split("/documents")[0] + form[1], fields)
        is_saved = answer.status_code in (302, 303)
        if not is_saved:
            self.tally.wrong.append(f"{answer.status_code} {answer.url}")
        return is_saved

    def fields(self, page, name):
        """Return what the form with this field would send."""
        form = next(form[0] for form in FORM.finditer(page) if f'name="{name}"' in form[0])
        fields = {name: html.unescape(value) for name, value in HIDDEN.findall(form)}
        return fields | {name: html.unescape(value) for name, value in AREA.findall(form)}

    def post(self, address, fields):
        """Send a form, and note how long it took."""
        for _ in range(3):
            started = time.perf_counter()
            try:
                answer = self.browser.post(address, data=fields, allow_redirects=False, timeout=60)
            except requests.ConnectionError:  # the server has just closed what was kept open: browsers try again
                continue
            self.tally.milliseconds.append((time.perf_counter() - started) * 1000)
            return answer
        raise requests.ConnectionError(address)

    def cut(self, fields):
        """Send a form and lose the connection before the answer comes."""
        request = self.browser.prepare_request(requests.Request("POST", f"{self.address}/ecrire", data=fields))
        host, port = self.address.split("/")[2].split(":")
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items() if name != "Connection")
        sent = f"POST {request.path_url} HTTP/1.1\r\nHost: {host}:{port}\r\n{head}\r\n".encode()
        body = request.body.encode()
        with socket.create_connection((host, int(port)), timeout=10) as wire:
            wire.sendall(sent + body[: self.draw.choice([len(body), len(body) // 2])])
        self.tally.cut += 1


# A long history ---------------------------------------------------------------------------------------------------


def look_back(app, env):
    """Yield what a history of many versions weighs, and how long its pages take."""
    draw = random.Random(7)  # noqa: S311
    users, cookies = people(app, 5)
    paragraphs = [[sentence(draw) for _ in range(6)] for _ in range(500)]
    item = document(users[0], as_text(paragraphs))
    started, full = time.perf_counter(), 0
    for number in range(VERSIONS - 1):
        begin_write()
        some = draw.choice(paragraphs)
        some[draw.randrange(len(some))] = sentence(draw)
        text = as_text(paragraphs)
        full += len(text.encode())
        cowriting.write(item, text, cowriting.rendered(item, text), users[number % 5])
        db.session.commit()
    took = (time.perf_counter() - started) / (VERSIONS - 1) * 1000
    packed = db.session.scalar(sa.select(sa.func.sum(sa.func.length(Revision.packed))))
    yield (
        f"{VERSIONS} versions d’un texte de {len(text.encode()) / 1000:.0f} Ko : {packed / 1e6:.1f} Mo, "
        f"au lieu de {full / 1e6:.0f} Mo ; {took:.0f} ms pour en enregistrer une"
    )
    item_id, newest = item.id, VERSIONS
    with server("wsgi:app", env, "/sante") as base:
        browser = requests.Session()
        browser.cookies.set("session", cookies[0], domain="127.0.0.1", path="/")
        address = f"{base}/documents/{item_id}-charte"
        for words, path in (
            ("lire le document", ""),
            ("ouvrir le formulaire du texte entier", "/ecrire"),
            ("ouvrir le formulaire d’une partie", "/ecrire?partie=3"),
            ("liste des versions", "/versions"),
            ("ouvrir la version 1", "/versions/1"),
            (f"ouvrir la version {newest // 2}", f"/versions/{newest // 2}"),
            ("comparer la première et la dernière", f"/versions/comparer?de=1&a={newest}"),
            (
                f"comparer {newest // 2} et {newest // 2 + 1}",
                f"/versions/comparer?de={newest // 2}&a={newest // 2 + 1}",
            ),
            ("qui a écrit quoi", "/versions/auteurs"),
        ):
            yield told(words, [timed(lambda path=path: browser.get(address + path, timeout=60)) for _ in range(5)])
        former = (3, VERSIONS // 2 - 1, VERSIONS // 50 + 1)
        yield told("rétablir une ancienne version", [restored(browser, address, number) for number in former])


def as_text(paragraphs):
    """Return the paragraphs as a text with a heading for every 25 of them."""
    return "\n\n".join(
        ("## Partie " + str(number // 25) + "\n\n" if number % 25 == 0 else "") + " ".join(said)
        for number, said in enumerate(paragraphs)
    )


def timed(ask):
    """Return the milliseconds of an answer, which must be right."""
    started = time.perf_counter()
    answer = ask()
    if answer.status_code not in (200, 302):
        raise RuntimeError(f"{answer.status_code} {answer.url}")
    return (time.perf_counter() - started) * 1000


def restored(browser, address, number):
    """Return the milliseconds that it takes to bring a version back."""
    page = browser.get(f"{address}/versions/{number}", timeout=60).text
    form = next(
        form
        for form in re.finditer(r'<form method="post" action="([^"]*)".*?</form>', page, re.S)
        if "/retour" in form[1]
    )
    fields = {
        name: html.unescape(value)
        for name, value in re.findall(r'name="([^"]+)" type="hidden" value="([^"]*)"', form[0])
    }
    fields |= {
        name: html.unescape(value)
        for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    }
    where = address.split("/documents")[0] + form[1]
    return timed(lambda: browser.post(where, data=fields, allow_redirects=False, timeout=60))


def told(words, milliseconds):
    """Say how long something took: the first time, and the median."""
    return (
        f"{words:44}{statistics.median(milliseconds):7.0f} ms, la première fois {milliseconds[0]:.0f} ms (but {GOAL})"
    )


if __name__ == "__main__":
    main()
