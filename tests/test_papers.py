"""What an event puts on paper: the poster and its code, the bulletin, the attendance sheet, the tables."""

import re
from datetime import date, time
from xml.etree import ElementTree

import pytest

from app.extensions import db
from app.labels import Question, Visibility
from app.localtime import at
from app.models.types import utcnow
from app.services import registrations
from tests.factories import make_user
from tests.test_organising import enter, make_event, page_of
from tests.test_spreadsheets import read_csv, read_ods

SVG = "{http://www.w3.org/2000/svg}"
QR = "/qr.svg"


@pytest.fixture
def event(cast):
    return make_event(
        cast.alice, place="Maison de quartier", address="3 rue des Lilas", summary="Apprendre à réparer.",
        questions=[Question.ORGANISATION, Question.DIET], own_question="Quel atelier ?",
    )  # fmt: skip


def text_of(page):
    """Return the words of a page, without its marks."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


# The poster and its code ------------------------------------------------------------------------------------------


def test_the_poster_says_what_when_where_and_how_to_register(event, client, app):
    page = client.get(page_of(event, "/affiche"))
    said = text_of(page.text)
    host = app.config["BASE_URL"].partition("//")[2]
    for words in ("Le vélo en ville", "Maison de quartier", "3 rue des Lilas", "Apprendre à réparer.", "2 places",
                  "Sur inscription", "Conseil citoyen Croix Blanche", f"{host}/e/{event.id}"):  # fmt: skip
        assert words in said, words
    assert f'src="{page_of(event, QR)}" alt="Code à photographier, qui mène à' in page.text
    assert re.search(r'class="notice"><strong>Imprimez cette page', page.text)
    assert "Réservé" not in said and "Set-Cookie" not in page.headers


def test_a_poster_of_what_is_not_for_everybody_says_for_whom_it_is(event, client, bruno):
    event.level, event.admission = Visibility.MEMBERS, Visibility.COUNCIL
    db.session.commit()
    assert client.get(page_of(event, "/affiche")).status_code == 404
    said = text_of(bruno.get(page_of(event, "/affiche")).text)
    assert "Réservé aux membres des conseils" in said
    assert "Sur inscription, réservée aux membres de ce conseil" in said


def test_a_poster_without_registration_invites_and_one_of_a_cancelled_event_says_so(cast, event, client):
    free = make_event(cast.alice, takes_registrations=False, title="La fête")
    assert "Sans inscription : venez !" in client.get(page_of(free, "/affiche")).text
    assert client.get(page_of(free, "/bulletin")).status_code == 404
    event.cancelled_at, event.cancelled_reason = utcnow(), "La salle est fermée."
    db.session.commit()
    said = text_of(client.get(page_of(event, "/affiche")).text)
    assert "Annulé. La salle est fermée." in said and "Pour s’inscrire" not in said


def test_the_code_is_a_drawing_with_a_title_that_runs_nothing_and_stays_in_caches(event, client, app):
    event.title = '<script>&"é'
    db.session.commit()
    answer = client.get(page_of(event, QR))
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    drawing = ElementTree.fromstring(answer.text)  # noqa: S314 - our own
    assert drawing.find(f"{SVG}title").text == 'Code à photographier : <script>&"é'
    assert drawing.find(f"{SVG}desc").text == f"{app.config['BASE_URL']}/e/{event.id}"
    assert client.get(page_of(event, QR), headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_the_code_of_what_is_not_for_everybody_is_kept_by_nobody_else(event, client, bruno):
    event.level = Visibility.COUNCIL
    db.session.commit()
    assert client.get(page_of(event, QR)).status_code == 404
    assert bruno.get(page_of(event, QR)).headers["Cache-Control"] == "private, max-age=86400"


@pytest.mark.parametrize("column", ["hidden_at", "published_at"])
def test_the_code_of_what_visitors_do_not_see_is_kept_by_nobody_else(event, alice, column):
    setattr(event, column, utcnow() if column == "hidden_at" else None)
    db.session.commit()
    assert alice.get(page_of(event, QR)).headers["Cache-Control"] == "private, max-age=86400"


def test_the_short_address_leads_to_the_event_for_those_who_may_read_it(event, client, bruno):
    assert client.get(f"/e/{event.id}").location == page_of(event)
    event.level = Visibility.COUNCIL
    db.session.commit()
    assert client.get(f"/e/{event.id}").status_code == 404
    assert bruno.get(f"/e/{event.id}").location == page_of(event)
    assert client.get("/e/99999").status_code == client.get("/e/99999999999").status_code == 404


# The bulletin -----------------------------------------------------------------------------------------------------


def test_the_bulletin_asks_what_the_event_asks_and_says_where_and_until_when(event, client):
    event.council.address, event.council.phone = "Centre social, rue du Pont", "04 74 00 00 00"
    event.register_until = at("Europe/Paris", date(2030, 3, 5), time(23, 59))
    db.session.commit()
    for view in ("/affiche", "/bulletin"):
        said = text_of(client.get(page_of(event, view)).text)
        assert "mardi 5 mars 2030" in said and "23 h 59" not in said, view
        assert "04 74 00 00 00" in said, view
    said = text_of(client.get(page_of(event, "/bulletin")).text)
    for words in (
        "Prénom et nom",
        "Téléphone mobile",
        "Courriel",
        "Association ou structure",
        "Régime alimentaire",
        "Quel atelier ?",
        "Centre social, rue du Pont",
        "04 74 00 00 00",
        "À rendre au plus tard le mardi 5 mars 2030",
        "À découper",
    ):
        assert words in said, words  # fmt: skip


@pytest.mark.parametrize("view", ["/affiche", "/bulletin"])
def test_papers_of_an_event_of_no_council_name_who_announces_it(cast, client, view):
    event = make_event(cast.referent, council_id=None, organiser="Centre de ressources", starts_at=None, ends_at=None)
    cast.referent.public_contact = "04 74 11 22 33, 2 rue du Lac"
    db.session.commit()
    said = text_of(client.get(page_of(event, view)).text)
    assert "Centre de ressources" in said and "None" not in said and "04 74 11 22 33, 2 rue du Lac" in said


# The sheet --------------------------------------------------------------------------------------------------------


def names_of(page):
    """Return the names in the second column of each table of the sheet."""
    tables = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    return [[text_of(name) for name in re.findall(r"<tr><td>\d+</td><td>(.*?)</td>", table)] for table in tables]


def test_the_sheet_of_31_for_25_seats_has_the_25_by_name_spare_lines_and_the_others_apart(cast, alice):
    event = make_event(cast.alice, seats=25)
    people = [f"Ali{chr(97 + n)} {'ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwv'[n]}ard" for n in range(31)]
    enter(event, *people)
    page = alice.get(page_of(event, "/emargement")).text
    placed, waiting = names_of(page)
    shown = [f"{last.upper()} {first}" for first, last in map(str.split, people)]
    assert placed == sorted(shown[:25]) + [""] * 10
    assert waiting == shown[25:]
    assert "<tr><td>35</td><td></td><td></td><td></td></tr>" in page
    assert page.count("<thead>") == 2 and "25 personnes attendues" in page


@pytest.mark.parametrize(("asked", "spare"), [("", 10), ("0", 0), ("40", 40), ("99999", 40), ("-3", 0), ("x", 10)])
def test_spare_lines_are_as_many_as_asked_within_reason(event, alice, asked, spare):
    page = alice.get(page_of(event, f"/emargement?lignes={asked}")).text
    assert names_of(page) == [[""] * spare]


def test_the_sheet_tells_for_whom_each_comes_and_who_has_not_answered(cast, event, alice):
    people = enter(event, cast.chloe, "Paul Noir", "Ali Gris", answers={"organisation": ""})
    people[1].answers = {"organisation": "Régie"}
    people[0].queued_at -= people[0].queued_at - people[0].created_at
    db.session.commit()
    registrations.cancel(people[0])
    db.session.commit()
    page = alice.get(page_of(event, "/emargement")).text
    placed, others = names_of(page)
    assert placed[0] == "NOIR Paul" and "Régie" in page
    assert others == ["GRIS Ali"] and "<h2>Place proposée</h2>" in page
    assert "Chloé" not in page.partition("<tbody>")[2] and "Liste d’attente" not in page


def test_the_sheet_has_last_names_first_as_accounts_have_them_or_as_they_are_typed(cast, event, alice):
    event.seats = None
    anne = make_user("Yann Le Gall", cast.council)
    anne.first_name, anne.last_name = "Anne", "Le Gall"
    enter(event, anne, "Idriss Benali", "Jean Van Dyck", "DE SOUSA Rui", "Madonna", "Ben Ali", "Zoé B.")
    placed = names_of(alice.get(page_of(event, "/emargement?lignes=0")).text)[0]
    assert placed == ["ALI Ben", "B. Zoé", "BENALI Idriss", "DE SOUSA Rui", "LE GALL Anne", "MADONNA", "VAN DYCK Jean"]


def test_accents_and_capitals_do_not_change_the_order(event, alice):
    event.seats = None
    enter(event, "Zoé ÉTIENNE", "Paul Abel", "Léa etienne", "Ali Zorn")
    placed = names_of(alice.get(page_of(event, "/emargement?lignes=0")).text)[0]
    assert placed == ["ABEL Paul", "ETIENNE Léa", "ÉTIENNE Zoé", "ZORN Ali"]


@pytest.mark.parametrize("view", ["/emargement", "/inscrits.csv", "/inscrits.ods"])
def test_the_papers_with_names_are_for_those_who_hold_it(event, client, client_as, cast, view):
    assert client.get(page_of(event, view)).status_code == 302
    assert client_as(cast.chloe).get(page_of(event, view)).status_code == 403
    answer = client_as(cast.bruno).get(page_of(event, view))
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "private, no-store, max-age=0"


# The tables -------------------------------------------------------------------------------------------------------


HEAD = [
    "Nom", "Association ou structure", "Régime alimentaire", "Quel atelier ?", "Courriel", "Téléphone", "Situation",
    "Depuis le", "Saisie par",
]  # fmt: skip


def test_the_tables_hold_who_comes_and_who_waits_and_no_formula(cast, event, alice):
    event.starts_at = event.starts_at.replace(hour=12)
    nasty = {"organisation": '=HYPERLINK("http://x")', "diet": "+1", "own": "deux\nlignes 👩‍🌾"}
    people = enter(event, "Paul Noir", "Ali Gris", "Léa Vert", answers=nasty, phone="", entered_by=cast.bruno)
    (gone,) = enter(event, "Zoé Blanc", email="zoe@essai.example")
    registrations.cancel(gone)
    people[0].placed_at = people[0].placed_at.replace(2026, 3, 1, 11, 5)
    people[0].email, people[1].phone = "=p@essai.example", "+33612345678"
    db.session.commit()
    answer = alice.get(page_of(event, "/inscrits.csv"))
    assert answer.headers["Content-Disposition"] == f"attachment; filename=inscriptions-{event.slug}.csv"
    assert answer.content_type == "text/csv; charset=utf-8"
    rows = read_csv(answer.get_data().decode())
    assert rows[0] == HEAD
    assert rows[1] == [
        "Paul Noir", "'=HYPERLINK(\"http://x\")", "'+1", "deux\nlignes 👩‍🌾", "'=p@essai.example", "",
        "inscription confirmée", "01/03/2026 12:05", "Bruno Petit",
    ]  # fmt: skip
    assert [row[0] for row in rows[1:]] == ["Paul Noir", "Ali Gris", "Léa Vert"]
    assert (rows[2][5], rows[3][6]) == ("06 12 34 56 78", "sur la liste d’attente")
    answer = alice.get(page_of(event, "/inscrits.ods"))
    assert answer.mimetype == "application/vnd.oasis.opendocument.spreadsheet"
    name, cells = read_ods(answer.get_data())
    assert name == "Inscriptions" and cells[0] == HEAD
    assert cells[1][1] == '=HYPERLINK("http://x")' and cells[1][3] == "deux\nlignes 👩‍🌾"


def test_an_answer_to_a_question_that_is_asked_no_more_is_in_the_tables_as_on_the_page(event, alice):
    enter(event, "Paul Noir", answers={"diet": "Sans sel", "own": "Vélo", "organisation": "Régie"})
    event.questions, event.own_question = [], ""
    db.session.commit()
    rows = read_csv(alice.get(page_of(event, "/inscrits.csv")).get_data().decode())
    assert rows[0][1:4] == ["Association ou structure", "Régime alimentaire", "Courriel"]
    assert rows[1][1:3] == ["Régie", "Sans sel"]
    page = alice.get(page_of(event, "/inscrits")).text
    assert "Sans sel" in page and "Vélo" not in page


def test_an_empty_table_has_its_head(event, alice):
    assert read_csv(alice.get(page_of(event, "/inscrits.csv")).get_data().decode()) == [HEAD]
    assert read_ods(alice.get(page_of(event, "/inscrits.ods")).get_data())[1] == [HEAD]
