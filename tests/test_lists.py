"""Lists of what councils share."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.blueprints import narrowing
from app.extensions import db
from app.labels import Stage, Visibility
from app.models import Action, Attachment, Document, Event, Folder, PublicationText, StoredFile, Theme
from app.models.types import utcnow
from app.services import shelves, texts
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
    assert bool(names) or "toute la liste</a>." in page.text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"health", "theirs", "far"}),
        ("type=actions", {"far"}),
        ("departement=01", {"health", "theirs"}),
        ("departement=38", {"far"}),
        ("departement=01&territoire=38", {"far"}),
        ("territoire=01", {"health", "theirs"}),
        ("territoire=region-84", {"health", "theirs", "far"}),
        ("territoire=region-84&theme=sante&type=documents", {"health"}),
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


@pytest.mark.parametrize(
    "query",
    [
        "theme=x",
        "annee=abc",
        "annee=1900",
        "type=x",
        "departement=%00",
        "territoire=region-01",
        "territoire=84",
        "nom=%21",
        "nom=zzzz",
        "nom=auvergne+rhone+alpes",
        "nom=vieu",
        "q=%21",
    ],
)
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


# In another order, and counted ----------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["?tri=anciens", "?tri=anciens&territoire=region-84", "?tri=anciens&q=titre"])
def test_the_oldest_come_first_when_asked_and_pages_lead_both_ways(client, cast, many, query):
    page = client.get(ALL + query)
    pages, addresses = [titles(page)], [ALL + query]
    while address := link(page, "next"):
        page = client.get(address)
        pages.append(titles(page))
        addresses.append(address)
    assert sum(pages, []) == [f"Titre{number:03}x" for number in reversed(range(200))]
    assert [len(found) for found in pages] == [20] * 10
    back = []
    while address := link(page, "prev"):
        page = client.get(address)
        back.insert(0, titles(page))
    assert back == pages[:-1] and "tri=anciens" in addresses[1]


def test_an_order_that_there_is_not_is_no_page(client, cast):
    assert client.get(f"{ALL}?tri=x").status_code == client.get("/actions?tri=x").status_code == 404
    assert client.get(f"{ALL}?tri=recents").status_code == 200


def test_a_list_says_how_long_it_is(client, cast, client_as, many, monkeypatch):
    last = client.get(f"{ALL}?tri=anciens")
    for page in (client.get(ALL), last, client.get(link(last, "next"))):
        assert "<p>200 publications" in page.text
    assert (
        "67 fiches-actions" in client.get("/actions").text
        and "<p>67 publications" in client.get(f"{ALL}?type=documents").text
    )
    make_publication(Document, cast.emile, level=Visibility.PUBLIC)
    db.session.commit()
    assert "<p>1 publication</p>" in client.get(f"{ALL}?territoire=38").text
    assert "<p>201 publications" in client_as(cast.alice).get(ALL).text
    monkeypatch.setattr(shelves, "COUNTED", 199)
    assert "<p>Plus de 199 publications" in client_as(cast.chloe).get(ALL).text
    monkeypatch.setattr(shelves, "COUNTED", 20)
    assert "<p>Plus de 20 fiches-actions" in client_as(cast.chloe).get("/actions").text


def test_only_what_one_may_read_is_counted(client, cast, client_as):
    for number in range(25):
        make_publication(Action, cast.alice, level=list(Visibility)[number % 4])
    make_publication(Action, cast.alice, level=Visibility.PUBLIC, deleted_at=utcnow())
    db.session.commit()
    counts = {client: 6, client_as(cast.emile): 12, client_as(cast.bruno): 25}
    for browser, count in counts.items():
        assert f"{count} fiches-actions" in browser.get("/actions").text


# The council by its name ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["croix blanche", "CROIX-BLANCHE", "Croix Blanche bourg"])
@pytest.mark.parametrize("page", [ALL, "/actions"])
def test_the_name_of_one_council_leads_to_what_it_shares(client, cast, few, page, name):
    answer = client.get(page, query_string={"nom": name, "theme": "sante", "tri": "anciens", "conseil": "x"[:0]})
    assert answer.status_code == 302
    assert answer.location == f"{page}?theme=sante&tri=anciens&conseil={cast.council.slug}"
    assert "Croix Blanche" in client.get(answer.location).text


def test_of_very_many_councils_some_are_shown(client, cast, monkeypatch):
    for author in (cast.alice, cast.chloe):
        make_publication(Document, author, level=Visibility.PUBLIC)
    db.session.commit()
    assert "En voici une partie" not in client.get(f"{ALL}?nom=bourg-en-bresse").text
    monkeypatch.setattr(narrowing, "MOST", 1)
    page = client.get(f"{ALL}?nom=bourg+en+bresse").text
    assert "En voici une partie" in page and page.count("&amp;conseil=") + page.count("?conseil=") == 1


def test_the_name_of_several_councils_leads_to_a_choice(client, cast, few):
    page = client.get(f"{ALL}?nom=bourg-en-bresse&theme=sante&conseil={cast.council.slug}")
    assert page.status_code == 200 and "Choisissez un conseil" in page.text and not titles(page)
    for council in (cast.country.croix, cast.country.reyssouze):
        assert f'href="{ALL}?theme=sante&amp;conseil={council.slug}"' in page.text


def test_of_the_councils_of_a_name_those_are_shown_that_share_something_with_the_reader(client, cast, client_as):
    address = f"{ALL}?nom=bourg-en-bresse"
    assert "n’ont encore rien partagé ici" in client.get(address).text
    make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    make_publication(Document, cast.chloe, level=Visibility.COUNCIL)
    db.session.commit()
    chosen = {client: 1, client_as(cast.chloe): 2}
    for browser, count in chosen.items():
        assert browser.get(address).text.count("&amp;conseil=") + browser.get(address).text.count("?conseil=") == count
    assert "n’ont encore rien partagé ici" in client.get("/actions?nom=bourg-en-bresse").text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("zzzz", "Aucun conseil ne porte ce nom"),
        ("!", "Écrivez le nom d’un conseil"),
        ("ain", "choisissez-le dans la liste « Territoire »"),
        ("vieu", "Vieu n’a pas de conseil citoyen"),
        ("é" * 101, "100 caractères au plus"),
        ("a\0b", ""),
        ("\ud83d", ""),
    ],
)
def test_a_name_of_no_council_is_answered_by_a_sentence(client, cast, few, name, sentence):
    page = client.get(ALL, query_string={"nom": name.encode("utf-8", "surrogatepass")})
    assert page.status_code == 422 and sentence in page.text.replace("\xa0", " ")
    assert "<details open>" in page.text  # where the field is


# Files and actions ------------------------------------------------------------------------------------------------


def test_a_list_says_what_files_there_are_and_what_they_weigh(client, cast):
    one, three, none = (
        make_publication(Document, cast.alice, title=f"Titre-{name}", level=Visibility.PUBLIC)
        for name in ("one", "three", "none")
    )
    sizes = {one: [1_200_000], three: [1_000_000] * 3, none: []}
    for row, files in sizes.items():
        for number, size in enumerate(files):
            file = StoredFile(
                digest=f"{row.id}{number:063}"[:64], name="a.pdf", media_type="application/pdf", size=size
            )
            db.session.add(Attachment(publication_id=row.id, file=file))
        gone = StoredFile(digest=f"f{row.id:063}", name="b.pdf", media_type="application/pdf", size=9_000_000)
        db.session.add(Attachment(publication_id=row.id, file=gone, removed_at=utcnow()))
    db.session.commit()
    text = client.get(ALL).text.replace("\xa0", " ")
    assert "PDF, 1,2 Mo" in text and "3 fichiers, 3 Mo" in text
    assert text.count(" Mo") == 2


def test_the_files_of_a_page_are_one_query(client, cast, many, queries):
    client.get("/conseils")
    client.get(f"{ALL}?tri=anciens")
    db.session.commit()
    queries.clear()
    text = client.get(f"{ALL}?tri=anciens&annee=2026").text
    assert "300 fichiers" not in text or len([sent for sent in queries if "FROM attachments" in sent]) == 1
    assert len([sent for sent in queries if "attachments" in sent]) == 1


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"far", "near"}),
        ("etape=suivi", {"near"}),
        ("etape=mise-en-oeuvre", {"far"}),
        ("etape=diagnostic", set()),
        ("territoire=38", {"far"}),
        ("territoire=region-84&theme=sante", {"near"}),
        ("annee=2019", set()),
        ("q=near", {"near"}),
        ("conseil=mistral-eaux-claires-grenoble", {"far"}),
        ("type=documents", {"far", "near"}),
    ],
)
def test_fiches_actions_have_a_list_of_their_own(client, cast, few, query, names):
    few["far"].stage = Stage.ACTION
    near = make_publication(
        Action, cast.alice, title="Titre-near", level=Visibility.PUBLIC, stage=Stage.FOLLOW_UP, carrier="partner",
        carrier_name="Le centre social", starts_on=date(2026, 3, 1), ends_on=date(2026, 5, 2),
    )  # fmt: skip
    near.themes = few["health"].themes
    texts.index(near)
    db.session.commit()
    page = client.get(f"/actions?{query}")
    assert {word.removeprefix("Titre-") for word in titles(page)} == names
    assert "Fiches-actions des conseils</h1>" in page.text
    if "near" in names:
        assert "Étape : suivi · Portée par : Le centre social · Du 1er mars 2026 au 2 mai 2026" in page.text


@pytest.mark.parametrize("query", ["etape=x", "theme=x", "territoire=x", "annee=1", "q=%21"])
def test_actions_of_what_there_is_not_are_refused_with_a_page(client, cast, query):
    page = client.get(f"/actions?{query}")
    assert page.status_code == 422 and "Erreur :" in page.text


def test_the_list_of_actions_is_light_however_long_it_is(cast, client, client_as, many, queries):
    client.get("/conseils")
    for browser in (client, client_as(cast.alice), client_as(cast.emile)):
        for query in ("", "?etape=suivi", "?theme=logement-et-cadre-de-vie&territoire=01", "?tri=anciens"):
            db.session.expire_all()
            queries.clear()
            page = browser.get(f"/actions{query}", headers={"Accept-Encoding": "gzip"})
            assert page.status_code == 200 and len(queries) <= 12 and len(page.data) <= 14_000


def test_territories_stand_under_their_region(client, cast):
    text = client.get(ALL).text
    assert '<optgroup label="Auvergne-Rhône-Alpes">' in text
    assert text.index("Auvergne-Rhône-Alpes (toute la région)") < text.index(">01 Ain<") < text.index(">38 Isère<")


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
