"""What the forum costs: scripts/bench forum

Fills a database of its own with 1,000 messages in 50 topics, then 100,000 in 5,000, one of them with 5,000; prints the
queries, the milliseconds of CPU and the compressed bytes of each page for a member, beside R, the bare view with 3 ORM
queries; how much they grow; and the requests per second of both.
"""

import gzip
import io
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import sqlalchemy as sa

from app.extensions import db
from app.models import Category, Message, MessageText, Topic, User
from app.services import accounts
from scripts.benches.measure import demo, server, wrk

SIZES = ((50, 1_000), (5_000, 100_000))  # topics, messages
RUBRICS = 10
START = datetime(2025, 1, 1, tzinfo=UTC)
WORDS = (
    "nous avons demandé un local à la mairie pour réunir le conseil dans le quartier avec les habitants et une salle "
    "du centre social le bailleur propose de payer la moitié des travaux de peinture quand il y aura un budget voté"
).split()
ROUNDS, WARM = 300, 40  # requests of a page that are measured, and those before them
GOAL, GROWTH = 1.4, 1.2


def main():
    """Print the tables."""
    with demo() as env:
        app, bare = import_module("wsgi").app, import_module("scripts.benches.reference_app").app
        first, second = (measure(app, bare, *size) for size in SIZES)
        print("\nCroissance de 1 000 à 100 000 messages (but : 1,2)")
        for name, before, after in zip(first, first.values(), second.values(), strict=True):
            print(f"  {name:34}{after / before:6.2f} {'' if after / before <= GROWTH else '  trop'}")
        rates(app, env)


# The rows ---------------------------------------------------------------------------------------------------------


def fill(topics, messages):
    """Bring the forum to so many topics and messages; one topic has a twentieth of all."""
    rng = random.Random(topics)  # noqa: S311 - the same rows each time
    begun = time.perf_counter()
    for model in (Message, Topic, Category):
        db.session.execute(sa.delete(model))
    for number in range(RUBRICS):
        db.session.add(Category(name=f"Rubrique {number}", slug=f"rubrique-{number}", position=number))
    db.session.flush()
    categories = list(db.session.scalars(sa.select(Category.id).order_by(Category.position)))
    people = list(db.session.scalars(sa.select(User.id)))
    sizes = shares(topics, messages)
    at, spoken = START, []
    for number, size in enumerate(sizes):
        known = {"id": number + 1, "category_id": categories[number % RUBRICS], "author_id": rng.choice(people)}
        shape = {"key": f"t{number}", "title": sentence(rng, 8), "slug": f"sujet-{number}", "hidden_reason": ""}
        last = at + timedelta(minutes=number + size)
        dates = {"created_at": at, "last_at": last, "last_number": size, "is_pinned": number < RUBRICS // 2}
        db.session.execute(sa.insert(Topic).values(known | shape | dates))
        spoken += [message(rng, people, number + 1, index, at) for index in range(1, size + 1)]
    for first in range(0, len(spoken), 2000):
        db.session.execute(sa.insert(Message), spoken[first : first + 2000])
    told = db.session.execute(sa.select(Message.id, Message.text)).all()
    for first in range(0, len(told), 2000):
        rows = [{"message_id": row.id, "words": row.text.lower()} for row in told[first : first + 2000]]
        db.session.execute(sa.insert(MessageText), rows)
    db.session.execute(sa.text("ANALYZE"))
    db.session.commit()
    print(f"\n{topics} sujets, {messages} messages ({time.perf_counter() - begun:.0f} s)")


def shares(topics, messages):
    """Return how many messages each topic has: one a twentieth of all, the others as many as one another."""
    large = messages // 20
    each, rest = divmod(messages - large, topics - 1)
    return [large, *(each + (number < rest) for number in range(topics - 1))]


def message(rng, people, topic_id, number, at):
    """Return the columns of a message of about 400 characters, in two paragraphs."""
    parts = [sentence(rng, 35), sentence(rng, 35)]
    return {
        "topic_id": topic_id, "number": number, "author_id": rng.choice(people), "key": f"{topic_id}-{number}",
        "text": "\n\n".join(parts), "html": "".join(f"<p>{part}</p>\n" for part in parts),
        "created_at": at + timedelta(minutes=number), "hidden_reason": "",
    }  # fmt: skip


def sentence(rng, length):
    """Return so many words."""
    return " ".join(rng.choice(WORDS) for _ in range(length)).capitalize() + "."


# The pages --------------------------------------------------------------------------------------------------------


def pages_of(topics, messages):
    """Return the address of each page by its name: the first ones, the last ones, and those between."""
    last = -(-(messages // 20) // 20)
    return {
        "forum": "/forum",
        "rubrique": "/forum/rubrique-3",
        "rubrique, page du fond": "",
        "sujet": "/forum/sujets/1-sujet-0",
        "sujet, page du milieu": f"/forum/sujets/1-sujet-0?page={-(-last // 2)}",
        "sujet, dernière page": f"/forum/sujets/1-sujet-0?page={last}",
        "recherche": "/forum/recherche?q=bailleur+peinture",
    }


def measure(app, bare, topics, messages):
    """Fill the database and print what each page takes; return by page how many times what R takes, measured beside it:
    how fast the machine is changes from one minute to the next."""
    with app.app_context():
        fill(topics, messages)
        cookie = log_in(app)
        pages = pages_of(topics, messages)
        pages["rubrique, page du fond"] = deep(app, cookie)
        engine = db.engine
    print(f"  {'page':34}{'requêtes':>9}{'ms CPU':>9}{'R, ms':>9}{'÷ R':>7}{'octets gzip':>13}")
    ratios = {}
    for name, path in pages.items():
        queries, body = count_queries(engine, app, path, cookie)
        reference, taken = cpu(bare, "/r"), cpu(app, path, cookie)
        ratios[name] = taken / reference
        size = len(gzip.compress(body, 6))
        print(f"  {name:34}{queries:9}{taken:9.2f}{reference:9.2f}{ratios[name]:7.2f}{size:13}")
    print(f"  but : un sujet en {GOAL} × R au plus, 6 requêtes, 14 336 octets")
    return ratios


def count_queries(engine, app, path, cookie):
    """Return how many queries a page takes that was opened before, and its body."""
    sent = []

    def note(*event):
        sent.append(event[2])

    ask(app, path, cookie)
    sa.event.listen(engine, "before_cursor_execute", note)
    body = ask(app, path, cookie)
    sa.event.remove(engine, "before_cursor_execute", note)
    return len(sent), body


def deep(app, cookie):
    """Return the address of a page in the depth of a rubric, walking there."""
    path = "/forum/rubrique-3"
    for _ in range(20):
        older = ask(app, path, cookie).decode().partition('rel="next" href="')[2].partition('"')[0]
        if not older:
            break
        path = "/forum/rubrique-3" + older.replace("&amp;", "&")
    return path


def log_in(app):
    """Return the cookie of a member who is logged in."""
    user = db.session.scalar(sa.select(User).where(User.email == "alice@demo.example"))
    token = accounts.log_in(user)
    db.session.commit()
    session = {"_user_id": token, "_fresh": True}
    signed = app.session_interface.get_signing_serializer(app).dumps(session)
    return f"{app.config['SESSION_COOKIE_NAME']}={signed}"


def cpu(app, path, cookie=""):
    """Return the milliseconds of CPU that a page takes: the least of some lots, as others use the machine too."""
    for _ in range(WARM):
        ask(app, path, cookie)
    lots = []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(ROUNDS // 5):
            ask(app, path, cookie)
        lots.append((time.process_time() - begun) * 1000 / (ROUNDS // 5))
    return min(lots)


def ask(app, path, cookie=""):
    """Ask an application for a page, as a server does; return its body."""
    path, _, query = path.partition("?")
    answer = SimpleNamespace(status="")
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1:8000", "HTTP_COOKIE": cookie,
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.version": (1, 0),
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False, "REMOTE_ADDR": "127.0.0.1",
    }  # fmt: skip
    parts = app(environ, lambda status, headers, info=None: setattr(answer, "status", status))
    body = b"".join(parts)
    getattr(parts, "close", lambda: None)()
    if not answer.status.startswith("200"):
        raise RuntimeError(f"{path} : {answer.status}")
    return body


def rates(app, env):
    """Print the requests per second of the pages of rubrics and topics, and those of R."""
    with app.app_context():
        cookie = log_in(app)
    print(f"\n{'':34}{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'÷ R':>7}")
    with server("scripts.benches.reference_app:app", env, "/hello") as base:
        reference = wrk(base, ["/r"])
    print(f"{'R':34}{reference.rate:8.0f}{reference.p50:8.1f}{reference.p99:8.1f}")
    headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}
    with server("wsgi:app", env, "/sante") as base:
        for name, paths in (
            ("rubriques", [f"/forum/rubrique-{number}" for number in range(RUBRICS)]),
            ("sujets", [f"/forum/sujets/1-sujet-0?page={number}" for number in range(1, 250, 7)]),
        ):
            found = wrk(base, paths, headers)
            print(f"{name:34}{found.rate:8.0f}{found.p50:8.1f}{found.p99:8.1f}{found.rate / reference.rate:7.2f}")


if __name__ == "__main__":
    main()
