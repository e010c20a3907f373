"""What pages of councils cost with many publications: scripts/bench publications [ITEMS PER COUNCIL]

Fills a database of its own with 1,514 councils, 10 members and 30 publications each, then with ten times the members
and publications; prints the queries, milliseconds and compressed bytes of each page, and requests per second beside R.
"""

import gzip
import os
import random
import sys
import time
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from scripts.benches.measure import demo, server, wrk

ITEMS = int(sys.argv[1]) if len(sys.argv) > 1 else 30
MEMBERS = 10
KINDS = ("document", "document", "action", "event")
LEVELS = ("council", "council", "groups", "members", "public")
PATHS = {"document": "documents", "action": "actions", "event": "evenements"}
WORDS = "square jardin ecole bus eclairage logement marche fete commerce sante velo bibliotheque".split()
TEXT = "<p>" + "Nous avons demandé un rendez-vous, compté les lampes et écrit à la mairie. " * 12 + "</p>"
START = datetime(2023, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=60)  # an event is announced so long before


def main():
    """Print the tables."""
    with demo() as env:
        os.environ["PAGE_CACHE_MB"] = "0"
        engine = sa.create_engine(env["DATABASE_URL"])
        first = measure(engine, 1)
        rates(env, engine)
        second = measure(engine, 10)
        print_growth(first, second)


# The rows ---------------------------------------------------------------------------------------------------------


def fill(engine, factor):
    """Bring each council to `factor` times its members and publications."""
    begin = time.perf_counter()
    rng = random.Random(factor)  # noqa: S311 - the same rows each time
    with engine.begin() as connection:
        councils = list(connection.scalars(sa.text("SELECT id FROM councils ORDER BY id")))
        if factor == 1:
            add_groups(connection, councils)
        begun = 1 if factor > 1 else 0
        for number in range(begun * MEMBERS, factor * MEMBERS):
            connection.execute(sa.text(USER), [person(council, number) for council in councils])
        authors = dict(connection.execute(sa.text("SELECT council_id, MIN(id) FROM users GROUP BY council_id")).all())
        for number in range(begun * ITEMS, factor * ITEMS):
            add_items(connection, [item(council, number, authors[council], rng) for council in councils])
        connection.execute(sa.text("ANALYZE"))
        count = connection.scalar(sa.text("SELECT COUNT(*) FROM publications"))
        people = connection.scalar(sa.text("SELECT COUNT(*) FROM users"))
    print(f"\n{len(councils)} conseils, {people} comptes, {count} publications ({time.perf_counter() - begin:.0f} s)")


USER = """INSERT INTO users (email, password_hash, first_name, last_name, role, council_id, college, words,
presentation, status, created_at, confirmed_at, last_seen_at, why, organisation, public_contact,
signs_contributions, follows_own_topics)
VALUES (:email, '', :first, 'Essai', 'member', :council, 'resident', '',
'', 'active', :now, :now, :now, '', '', '', 1, 1)"""
ITEM = """INSERT INTO publications (id, kind, council_id, author_id, "key", version, title, slug, summary, description,
description_html, level, is_charter, is_collaborative, groups_write, created_at, published_at, hidden_reason) VALUES
(:id, :kind, :council, :author, :key, 1, :title, :slug, :summary, '', :html, :level, 0, 0, 0, :at, :at, '')"""
EVENT = """INSERT INTO events (id, starts_at, ends_at, "day", time_zone, place, address, organiser, agenda,
agenda_html, minutes, minutes_html, cancelled_reason, takes_registrations, seats, questions, own_question) VALUES (
:id, :starts, :ends, :day, 'Europe/Paris', 'Salle commune', '', '', '', '', '', '', '', 1, 25, '[]', '')"""
ACTION = """INSERT INTO actions (id, need, need_html, results, results_html, lessons, lessons_html, carrier_name,
partners, contract, budget, funders, place, contact) VALUES (:id, '', '', '', '', '', '', '', '', '', '', '', '', '')"""
INDEXED = "INSERT INTO publication_texts (publication_id, words) VALUES (:id, :words)"
SHARED = "INSERT INTO publication_groups (publication_id, group_id) VALUES (:id, :group)"


def add_groups(connection, councils):
    """Gather the councils by fifteen."""
    for number in range(0, len(councils), 15):
        values = {"slug": f"groupe-{number}", "name": f"Groupe {number}", "now": stamp(START)}
        new = "INSERT INTO groups (slug, name, purpose, created_at) VALUES (:slug, :name, '', :now)"
        group = connection.execute(sa.text(new), values).lastrowid
        links = [{"g": group, "c": council} for council in councils[number : number + 15]]
        connection.execute(sa.text("INSERT INTO group_councils (group_id, council_id) VALUES (:g, :c)"), links)


def person(council, number):
    """Return the values of a member of a council."""
    return {"email": f"m{number}.{council}@essai.example", "first": f"Camille{number}", "council": council,
            "now": stamp(datetime.now(UTC))}  # fmt: skip


def item(council, number, author, rng):
    """Return the values of a publication of a council."""
    at = START + timedelta(minutes=rng.randrange(60 * 24 * 1400))
    words = rng.sample(WORDS, 3)
    return {
        "id": 1000 + number * 2000 + council, "kind": rng.choice(KINDS), "council": council, "author": author,
        "key": f"{council}-{number}", "title": " ".join(words).capitalize(), "slug": "-".join(words),
        "summary": "Deux phrases pour dire de quoi il s’agit. Et à qui cela sert.", "html": TEXT,
        "level": rng.choice(LEVELS), "at": stamp(at), "words": " ".join(words), "group": council // 15 + 2,
        "starts": stamp(at + AHEAD), "ends": stamp(at + AHEAD + timedelta(hours=2)),
        "day": (at + AHEAD).date().isoformat(),
    }  # fmt: skip


def add_items(connection, rows):
    """Insert publications with their own tables, their words and their groups."""
    connection.execute(sa.text(ITEM), rows)
    connection.execute(sa.text(INDEXED), rows)
    for statement, which in ((EVENT, "event"), (ACTION, "action")):
        if some := [row for row in rows if row["kind"] == which]:
            connection.execute(sa.text(statement), some)
    groups = set(connection.scalars(sa.text("SELECT id FROM groups")))
    shared = [row for row in rows if row["level"] == "groups" and row["group"] in groups]
    connection.execute(sa.text(SHARED), shared)


def stamp(at):
    """Return an instant as SQLite keeps it."""
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


# The pages --------------------------------------------------------------------------------------------------------


def measure(engine, factor):
    """Fill the database, print what each page takes, and return the milliseconds."""
    fill(engine, factor)
    print(f"  {'page':44}{'requêtes':>9}{'ms':>9}{'octets gzip':>13}")
    return dict(costs(engine))


def costs(engine):
    """Yield (page, milliseconds) of each page, read as a visitor and as a member, and print its line."""
    from app.extensions import db  # noqa: PLC0415 - the settings of this bench come first
    from app.models import User  # noqa: PLC0415
    from app.services import accounts  # noqa: PLC0415
    from wsgi import app  # noqa: PLC0415

    sent = []
    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *event: sent.append(event[2]))
        author = db.session.get(User, engine_scalar(engine, AUTHOR))
        token = accounts.log_in(author)
        db.session.commit()
        db.session.remove()
    visitor, member = app.test_client(), app.test_client()
    with member.session_transaction() as session:
        session["_user_id"] = token
    visitor.get("/conseils?q=x")
    for client, who in ((visitor, "visiteur"), (member, "membre")):
        for name, path in pages(engine, who).items():
            yield f"{who} : {name}", cost(client, f"{who} : {name}", path, sent)


# A council that has something public of each kind, from the first filling on.
COUNCIL = """SELECT council_id FROM publications WHERE id BETWEEN 1001 AND 60999 AND level = 'public'
GROUP BY council_id HAVING COUNT(DISTINCT kind) = 3 ORDER BY council_id DESC LIMIT 1"""
AUTHOR = f"SELECT MIN(id) FROM users WHERE council_id = ({COUNCIL})"  # noqa: S608 - both are written here


def engine_scalar(engine, statement, **values):
    """Return one value of the measured database."""
    with engine.connect() as connection:
        return connection.scalar(sa.text(statement), values)


def pages(engine, who):
    """Return the addresses asked for, by name."""
    council = engine_scalar(engine, COUNCIL)
    slug = engine_scalar(engine, "SELECT slug FROM councils WHERE id = :id", id=council)
    shown = {"fiche d’un conseil": f"/conseils/{slug}", "publications": "/ressources/publications",
             "publications d’un conseil": f"/ressources/publications?conseil={slug}",
             "publications, les plus anciennes": "/ressources/publications?tri=anciens",
             "publications d’un département": "/ressources/publications?territoire=59",
             "publications d’une région": "/ressources/publications?territoire=region-32",
             "publications, type et année": "/ressources/publications?type=documents&annee=2025",
             "actions": "/actions", "actions d’une région": "/actions?territoire=region-32",
             "publications.atom": "/ressources/publications.atom",
             "publications.atom d’un conseil": f"/ressources/publications.atom?conseil={slug}",
             "actions.atom": "/actions.atom",
             "recherche d’un mot": "/ressources/publications?q=jardin",
             "recherche de trois mots": "/ressources/publications?q=jardin+ecole+bus",
             "agenda": "/agenda", "agenda d’un conseil": f"/agenda?conseil={slug}",
             "agenda d’un département": "/agenda?departement=59", "agenda, autour d’une commune": "/agenda?pres=lille",
             "agenda passé": "/agenda?quand=passes", "agenda du mois": "/agenda?vue=mois",
             "agenda.ics": "/agenda.ics", "agenda.ics d’un conseil": f"/conseils/{slug}/agenda.ics"}  # fmt: skip
    for kind, path in PATHS.items():
        found = (
            "SELECT '/' || :path || '/' || id || '-' || slug FROM publications WHERE id > 1000 AND kind = :kind "
            "AND level = 'public' AND council_id = :council LIMIT 1"
        )
        shown[kind] = engine_scalar(engine, found, path=path, kind=kind, council=council)
    if who == "membre":
        shown |= {
            "gérer mon conseil": "/mon-conseil", "modifier la fiche": "/mon-conseil/fiche",
            "nos documents": "/mon-conseil/documents", "nos actions": "/mon-conseil/actions",
            "nos événements": "/mon-conseil/evenements", "créer un document": "/mon-conseil/documents/nouveau",
            "créer une action": "/mon-conseil/actions/nouveau", "créer un événement": "/mon-conseil/evenements/nouveau",
            "dossiers": "/mon-conseil/dossiers", "corbeille": "/mon-conseil/corbeille",
            "modifier un document": f"{shown['document']}/modifier", "versions": f"{shown['document']}/versions",
        }  # fmt: skip
    return {name: path for name, path in shown.items() if path}


def cost(client, name, path, sent):
    """Print the queries, the best of five times and the bytes of a page; return the milliseconds."""
    times = []
    for _ in range(5):
        sent.clear()
        begin = time.perf_counter()
        response = client.get(path)
        times.append((time.perf_counter() - begin) * 1000)
    if response.status_code != 200:
        raise RuntimeError(f"{path} : {response.status_code}")
    queries = len([statement for statement in sent if not statement.startswith(("PRAGMA", "BEGIN"))])
    print(f"  {name:44}{queries:9}{min(times):9.1f}{len(gzip.compress(response.data, 6)):13}")
    return min(times)


def rates(env, engine):
    """Print requests per second of pages for visitors, made anew each time, beside R."""
    with server("scripts.benches.reference_app:app", env, "/hello") as base:
        r = wrk(base, ["/r"])
    print(f"\n{'Page de visiteur, refaite à chaque fois':44}{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'/ R':>7}")
    with server("wsgi:app", env | {"PAGE_CACHE_MB": "0"}, "/sante") as base:
        for name, path in pages(engine, "visiteur").items():
            found = wrk(base, [path], {"Accept-Encoding": "gzip"})
            print(f"{name:44}{found.rate:8.0f}{found.p50:8.1f}{found.p99:8.1f}{found.rate / r.rate:7.2f}")


def print_growth(first, second):
    """Print how many times longer each page takes with ten times the rows."""
    print("\nDix fois plus de lignes : temps multiplié par")
    for name, before in first.items():
        print(f"  {name:44}{second[name] / before:7.2f}")


if __name__ == "__main__":
    main()
