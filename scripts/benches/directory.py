"""How fast and how light the directory is, beside bare Flask views: scripts/bench directory [FOLDER]

FOLDER holds the official files; without it, the demo data is measured. Nothing of the site's own database is read
or written.
"""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import sqlalchemy as sa

from scripts.benches.measure import ROOT, server, wrk

CODING = {"Accept-Encoding": "gzip"}


def main():
    """Print the table."""
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as instance:
        env = {"INSTANCE_DIR": instance, "DATABASE_URL": f"sqlite:///{instance}/bench.sqlite3", "PRODUCTION": ""}
        flask(env, "db", "upgrade")
        if folder:
            flask(env, "reference", "import", str(folder))
        else:
            flask(env, "demo", "load")
        engine = sa.create_engine(env["DATABASE_URL"])
        pages = choose_pages(engine)
        print_weights(env, pages)
        print_rates(env, pages)
        print_queries(env, pages, engine)


def flask(env, *arguments):
    """Run a command of the site on the measured instance."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    subprocess.run(command, env=os.environ | env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def choose_pages(engine) -> dict[str, list[str]]:
    """Return the addresses asked for, by the name of their kind of page."""
    with engine.connect() as connection:
        slugs = list(connection.scalars(sa.text("SELECT slug FROM councils ORDER BY id")))
        names = list(connection.scalars(sa.text("SELECT name FROM territories WHERE kind='commune' ORDER BY code")))
    random.Random(1).shuffle(names)  # noqa: S311 - the same choice each time
    return {
        "accueil": ["/"],
        "recherche (mots différents)": ["/conseils?q=" + quote(name) for name in names[:4000]],
        "recherche (une faute)": ["/conseils?q=" + quote(slip(name)) for name in names[:4000]],
        "carte du Nord": ["/carte/59"],
        "carte de France": ["/carte"],
        "page d’un conseil": ["/conseils/" + slugs[len(slugs) // 2]],
        "pages de 500 conseils": ["/conseils/" + slug for slug in slugs[:500]],
    }


def slip(name):
    """Return a name with one letter missing."""
    return name[: len(name) // 2] + name[len(name) // 2 + 1 :]


def print_weights(env, pages):
    """Print what a first visit costs: one request, headers counted."""
    print("\nPoids d’une première visite, octets (en-têtes compris, gzip)")
    with server("wsgi:app", env, "/sante") as base:
        for name, paths in pages.items():
            print(f"  {name:30} {weight(base + paths[0]):7}")


def weight(url):
    """Return the bytes of an answer, headers included."""
    with urlopen(Request(url, headers=CODING)) as answer:  # noqa: S310 - our own server
        return len(answer.read()) + sum(len(k) + len(v) + 4 for k, v in answer.headers.items()) + 17


def print_rates(env, pages):
    """Print requests per second beside « hello » and R, under the same server."""
    with server("scripts.benches.reference_app:app", env, "/hello") as base:
        hello, r = wrk(base, ["/hello"]), wrk(base, ["/r"])
    print(f"\n{'Page':34}{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'/ hello':>9}{'/ R':>7}")
    print_rate("hello", hello, hello, r)
    print_rate("R (3 requêtes ORM, 6 Ko)", r, hello, r)
    with server("wsgi:app", env, "/sante") as base:
        warm_up(base)
        for name, paths in pages.items():
            print_rate(name, wrk(base, paths, CODING), hello, r)
        with urlopen(base + "/") as answer:  # noqa: S310 - our own server
            etag = answer.headers["ETag"]
        print_rate("accueil, 304", wrk(base, ["/"], {"If-None-Match": etag}), hello, r)
    with server("wsgi:app", env | {"PAGE_CACHE_MB": "0"}, "/sante") as base:
        warm_up(base)
        for name in ("accueil", "carte du Nord", "page d’un conseil"):
            print_rate(name + ", refaite", wrk(base, pages[name], CODING), hello, r)


def warm_up(base):
    """Let both workers read the directory, as they have long done on a site that runs."""
    for _ in range(20):
        urlopen(base + "/conseils?q=x").read()  # noqa: S310 - our own server


def print_rate(name, measure, hello, r):
    """Print one line."""
    ratios = f"{measure.rate / hello.rate:9.2f}{measure.rate / r.rate:7.2f}"
    print(f"{name:34}{measure.rate:8.0f}{measure.p50:8.1f}{measure.p99:8.1f}{ratios}")


def print_queries(env, pages, engine):
    """Print the queries of each page, with the present directory and with ten times its councils."""
    print("\nRequêtes SQL par page (copie non gardée) et millisecondes")
    for factor in (1, 10):
        if factor > 1:
            multiply(engine, factor)
        said = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "scripts.benches.queries", *(paths[0] for paths in pages.values())],
            env=os.environ | env | {"PAGE_CACHE_MB": "0"}, cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        with engine.connect() as connection:
            councils = connection.scalar(sa.text("SELECT COUNT(*) FROM councils"))
        print(f"  {councils} conseils")
        for name, line in zip(pages, said.splitlines(), strict=True):
            print(f"    {name:30} {line}")


def multiply(engine, factor):
    """Copy each council `factor - 1` times, with its neighbourhoods and territories, a little aside."""
    with engine.begin() as connection:
        step = connection.scalar(sa.text("SELECT MAX(id) FROM councils"))
        for copy in range(1, factor):
            values = {"shift": copy * step, "step": step, "aside": copy / 100}
            for statement in COPIES:
                connection.execute(sa.text(statement), values)
        connection.execute(sa.text("UPDATE stamps SET version = version + 1"))


COPIES = [
    """INSERT INTO councils (id, slug, name, latitude, longitude, precision, is_demo, description, description_html,
    email, phone, address, meetings, created_at)
    SELECT id + :shift, slug || '-' || :shift, name || ' ' || :shift, latitude + :aside, longitude + :aside, precision,
    is_demo, description, description_html, email, phone, address, meetings, created_at
    FROM councils WHERE id <= :step""",
    """INSERT INTO council_territories (council_id, territory_id)
    SELECT council_id + :shift, territory_id FROM council_territories WHERE council_id <= :step""",
]


if __name__ == "__main__":
    main()
