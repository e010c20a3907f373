"""Lists of what councils share."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.labels import Visibility
from app.models import Action, Attachment, Document, Event, Folder, PublicationText, StoredFile, Theme
from app.models.types import utcnow
from app.services import texts
from tests.factories import make_group, make_publication

ALL = "/ressources/publications"


@pytest.fixture
def many(cast):
    """Two hundred publications of Alice's council, the first one the newest, and three hundred files."""
    theme = db.session.scalar(select(Theme))
    shared = []
    for number in range(200):
        model = (Document, Action, Event)[number % 3]
        start = utcnow() + timedelta(days=number % 40 + 1) if model is Event else None
        shared.append(
            model(
                author=cast.alice, council=cast.council, key=f"key{number}", title=f"Titre{number:03}x",
                slug="titre", level=Visibility.PUBLIC, themes=[theme], description_html="<p>Long</p>" * 50,
                summary="Deux phrases qui disent de quoi il s’agit. Elles tiennent sur deux lignes, rarement plus.",
                published_at=datetime(2026, 6, 1, tzinfo=UTC) - timedelta(days=number),
                **({"starts_at": start} if start else {}),
            )
        )  # fmt: skip
    db.session.add_all(shared)
    db.session.flush()
    words = [
        PublicationText(publication_id=item.id, words=f"titr titr{number:03}x") for number, item in enumerate(shared)
    ]
    file = StoredFile(digest="d" * 64, name="plan.txt", media_type="text/plain", size=5)
    files = [Attachment(publication_id=shared[-1].id, file=file) for _ in range(300)]
    db.session.add_all([*words, *files])
    db.session.commit()


def titles(page):
    return [word for word in page.text.replace("<", " ").replace(">", " ").split() if word.startswith("Titre")]


def link(page, rel):
    part = page.text.partition(f'rel="{rel}" href="')[2]
    return part.partition('"')[0].replace("&amp;", "&")


def test_pages_follow_one_another_by_cursor_and_come_back(client, many):
    first = page = client.get(ALL)
    seen = titles(page)
    while address := link(page, "next"):
        last, page = page, client.get(address)
        seen += titles(page)
    assert seen == [f"Titre{number:03}x" for number in range(200)]
    assert titles(client.get(link(page, "prev"))) == titles(last)
    assert not link(first, "prev")


def test_those_published_at_one_instant_are_all_there_once(client, cast):
    now = utcnow()
    for number in range(50):
        make_publication(Document, cast.alice, title=f"Titre{number}", level=Visibility.PUBLIC, published_at=now)
    db.session.commit()
    page, seen = client.get(ALL), []
    while True:
        seen += titles(page)
        if not (address := link(page, "next")):
            break
        page = client.get(address)
    assert len(seen) == len(set(seen)) == 50


@pytest.mark.parametrize("cursor", ["x", "1", "-1-1", "1-99999999999", "999999999999999999-1", "1-1;--", "١-1"])
def test_a_cursor_that_the_site_did_not_write_is_no_page(client, cast, cursor):
    assert client.get(ALL, query_string={"avant": cursor}).status_code == 404
    assert client.get(ALL, query_string={"apres": cursor}).status_code == 404


QUERIES = ("", "?q=titre", "?conseil=croix-blanche-bourg-en-bresse",
           "?type=evenements&departement=01&annee=2026&theme=logement-et-cadre-de-vie")  # fmt: skip


def test_a_list_is_light_however_long_it_is(cast, client, client_as, many, queries):
    client.get("/conseils")  # the directory is read once for each process
    for name in ("visitor", "alice", "chloe", "animator"):
        browser = client if name == "visitor" else client_as(getattr(cast, name))
        for query in QUERIES:
            db.session.expire_all()
            queries.clear()
            page = browser.get(ALL + query, headers={"Accept-Encoding": "gzip"})
            assert len(queries) <= 12 and len(page.data) <= 14_000, name
            assert len(titles(browser.get(ALL + query))) == 20, name


def test_the_list_of_ones_own_council_is_light_and_numbered(cast, client_as, many, queries):
    alice = client_as(cast.alice)
    for path in ("documents", "actions", "evenements"):
        db.session.expire_all()
        queries.clear()
        page = alice.get(f"/mon-conseil/{path}?page=2&quand=&etat=publies", headers={"Accept-Encoding": "gzip"})
        assert page.status_code == 200 and len(queries) <= 12 and len(page.data) <= 14_000
        assert len(titles(alice.get(f"/mon-conseil/{path}?page=2"))) == 20
        assert alice.get(f"/mon-conseil/{path}?page=99").status_code == 404


@pytest.fixture
def few(cast):
    folder = Folder(council_id=cast.council.id, name="Réunions")
    db.session.add(folder)
    db.session.flush()
    health = db.session.scalar(select(Theme).filter_by(slug="sante"))
    rows = {
        "old": make_publication(Document, cast.alice, title="Titre-old", published_at=datetime(2019, 5, 1, tzinfo=UTC)),
        "health": make_publication(Document, cast.alice, title="Titre-health", level=Visibility.PUBLIC),
        "filed": make_publication(Document, cast.alice, title="Titre-filed", folder_id=folder.id),
        "draft": make_publication(Document, cast.alice, title="Titre-draft", published_at=None),
        "scheduled": make_publication(
            Document, cast.alice, title="Titre-scheduled", published_at=None, publish_on=utcnow() + timedelta(days=2)
        ),
        "theirs": make_publication(Document, cast.chloe, title="Titre-theirs", level=Visibility.PUBLIC),
        "far": make_publication(Action, cast.emile, title="Titre-far", level=Visibility.PUBLIC),
    }  # fmt: skip
    rows["health"].themes = [health]
    for row in rows.values():
        texts.index(row)
    db.session.commit()
    return rows


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"old", "health", "filed", "draft", "scheduled"}),
        ("etat=publies", {"old", "health", "filed"}),
        ("etat=brouillons", {"draft"}),
        ("etat=a-paraitre", {"scheduled"}),
        ("theme=sante", {"health"}),
        ("dossier={folder}", {"filed"}),
        ("niveau=public", {"health"}),
        ("annee=2019", {"old"}),
        ("q=titre+old", {"old"}),
        ("q=rien", set()),
    ],
)
def test_one_narrows_the_list_of_ones_council(cast, client_as, few, query, names):
    query = query.format(folder=few["filed"].folder_id)
    page = client_as(cast.alice).get(f"/mon-conseil/documents?{query}")
    assert {word.removeprefix("Titre-") for word in titles(page)} == names
    assert bool(names) or "revoyez toute la liste" in page.text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"health", "theirs", "far"}),
        ("type=actions", {"far"}),
        ("departement=01", {"health", "theirs"}),
        ("departement=38", {"far"}),
        ("theme=sante", {"health"}),
        ("conseil=mistral-eaux-claires-grenoble", {"far"}),
        ("annee=2019", set()),
        ("q=theirs", {"theirs"}),
        ("q=theirs&departement=38", set()),
    ],
)
def test_one_narrows_the_list_of_all_councils(client, few, query, names):
    page = client.get(f"{ALL}?{query}")
    assert {word.removeprefix("Titre-") for word in titles(page)} == names


@pytest.mark.parametrize("query", ["theme=x", "annee=abc", "annee=1900", "type=x", "departement=%00"])
def test_a_line_that_is_in_no_list_is_refused_with_a_page(client, few, query):
    assert client.get(f"{ALL}?{query}").status_code == 422


@pytest.mark.parametrize("slug", ["rien", "%00"])
def test_an_unknown_council_is_no_page(client, few, slug):
    assert client.get(f"{ALL}?conseil={slug}").status_code == 404


def test_a_member_does_not_see_the_drafts_of_another(cast, client_as, few):
    assert set(titles(client_as(cast.bruno).get("/mon-conseil/documents"))) == {
        "Titre-old", "Titre-health", "Titre-filed"
    }  # fmt: skip


def test_events_to_come_stand_first_and_the_past_ones_apart(cast, client_as):
    days = {"Titre-loin": 30, "Titre-demain": 1, "Titre-hier": -1, "Titre-jadis": -30}
    for title, number in days.items():
        at = utcnow() + timedelta(days=number)
        make_publication(Event, cast.alice, title=title, starts_at=at, ends_at=at + timedelta(hours=1))
    on = make_publication(Event, cast.alice, title="Titre-encours", starts_at=utcnow() - timedelta(hours=1))
    make_publication(Event, cast.alice, title="Titre-sansdate", starts_at=None, ends_at=None, published_at=None)
    on.ends_at = utcnow() + timedelta(hours=1)
    db.session.commit()
    alice = client_as(cast.alice)
    coming = titles(alice.get("/mon-conseil/evenements"))
    assert coming == ["Titre-sansdate", "Titre-encours", "Titre-demain", "Titre-loin"]
    assert titles(alice.get("/mon-conseil/evenements?quand=passes")) == ["Titre-hier", "Titre-jadis"]
    fiche = titles(alice.get(f"/conseils/{cast.council.slug}"))
    assert fiche[:3] == ["Titre-encours", "Titre-demain", "Titre-loin"]


def test_empty_lists_say_what_to_do(cast, client, client_as):
    assert "Rien n’est encore partagé" in client.get(ALL).text
    alice = client_as(cast.alice)
    assert "Créer un document" in alice.get("/mon-conseil/documents").text.split("<nav")[3]
    assert "pas encore de fiche-action" in alice.get("/mon-conseil/actions").text
    assert "Publications</h2>" not in client.get(f"/conseils/{cast.council.slug}").text


def test_the_page_of_a_council_leads_to_all_it_shares(cast, client, many):
    page = client.get(f"/conseils/{cast.council.slug}", headers={"Accept-Encoding": "gzip"})
    assert len(page.data) <= 14_000
    page = client.get(f"/conseils/{cast.council.slug}")
    assert titles(page)[-5:] == [f"Titre{number:03}x" for number in range(5)]
    assert f"/ressources/publications?conseil={cast.council.slug}" in page.text


def test_the_short_address_of_actions_leads_to_them(client, few):
    assert titles(client.get("/actions", follow_redirects=True)) == ["Titre-far"]


def test_the_next_event_stands_once_on_the_page_of_its_council(cast, client):
    make_publication(Event, cast.alice, title="Titre-fete", level=Visibility.PUBLIC)
    make_publication(Document, cast.alice, title="Titre-note", level=Visibility.PUBLIC)
    db.session.commit()
    assert titles(client.get(f"/conseils/{cast.council.slug}")) == ["Titre-fete", "Titre-note"]


def test_a_kept_list_follows_what_changes(cast, client):
    row = make_publication(Document, cast.alice, title="Titre-un", level=Visibility.PUBLIC)
    db.session.commit()
    assert titles(client.get(ALL)) == ["Titre-un"]
    row.level = Visibility.MEMBERS
    db.session.commit()
    assert titles(client.get(ALL)) == []


def test_a_group_that_is_deleted_takes_its_readers_with_it(cast, client_as):
    group = make_group("Un groupe", cast.council, cast.country.reyssouze)
    row = make_publication(Document, cast.alice, title="Titre-un", level=Visibility.GROUPS)
    row.groups = [group]
    db.session.commit()
    assert titles(client_as(cast.chloe).get(ALL)) == ["Titre-un"]
    db.session.delete(group)
    db.session.commit()
    assert titles(client_as(cast.chloe).get(ALL)) == []
    page = client_as(cast.alice).get(f"/documents/{row.id}-{row.slug}")
    assert "aucun groupe n’est plus choisi" in page.text
