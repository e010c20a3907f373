"""Finding what councils share by its words: the same answers on both databases."""

import pytest

from app.extensions import db
from app.labels import Visibility
from app.models import Action, Document, Event, PublicationText, Theme
from app.services import texts
from tests.factories import make_publication
from tests.test_items import make_file

TITLES = {
    "school": "Les écoles du quartier",
    "ecology": "Écologie et compost",
    "vote": "Les habitants votent pour l’été",
    "art": "Une œuvre d’art au square",
    "code": "Atelier C++ et x-y",
    "saint": "Fête de Saint-Étienne",
    "number": "Budget 2026",
}


@pytest.fixture
def library(cast):
    rows = {}
    for name, title in TITLES.items():
        rows[name] = make_publication(Document, cast.alice, title=title, level=Visibility.PUBLIC)
        texts.index(rows[name])
    db.session.commit()
    return rows


def found(client, question, library):
    page = client.get("/ressources/publications", query_string={"q": question})
    names = {name for name, row in library.items() if f'-{row.slug}"' in page.text}
    return page.status_code, names


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("ecole", {"school"}),
        ("ÉCOLES", {"school"}),
        ("éco", {"school", "ecology"}),
        ("voter", {"vote"}),
        ("votent", {"vote"}),
        ("votée", {"vote"}),
        ("habitante", {"vote"}),
        ("l'été", {"vote"}),
        ("l’ete a l’ecole", set()),
        ("œuvre", {"art"}),
        ("oeuvres", {"art"}),
        ("d'art", {"art"}),
        ("c++", {"code"}),
        ('"x-y"', {"code"}),
        ("st etienne", {"saint"}),
        ("2026", {"number"}),
        ("budget 2025", set()),
        ("square œuvre", {"art"}),
        ("oeuvre NOT square", set()),
        ("art* OR ecole", set()),
        ("words:art", set()),
        ("art')) --", {"art"}),
        ("art & !square", {"art"}),
        ("\u202eart\x00", {"art"}),
        ("🌳 compost", {"ecology"}),
    ],
)
def test_words_find_their_other_forms_and_signs_are_no_language(client, library, question, names):
    assert found(client, question, library) == (200, names)


@pytest.mark.parametrize("question", ["*", "🌳", '"', "'", "-", "le la les", "x" * 101, "()"])
def test_a_question_without_a_word_or_too_long_is_refused_with_a_sentence(client, library, question):
    page = client.get("/ressources/publications", query_string={"q": question})
    assert page.status_code == 422 and "À corriger" in page.text and "Erreur : " in page.text.split("</title>")[0]


def test_all_that_is_written_is_found_by_and_what_is_no_more_is_not(client, cast):
    action = make_publication(Action, cast.alice, level=Visibility.PUBLIC, need="Des rats", partners="Le bailleur",
                              lessons="Commencer tôt", summary="Propreté")  # fmt: skip
    event = make_publication(Event, cast.alice, level=Visibility.PUBLIC, place="Gymnase", minutes="Vingt présents",
                             agenda="Élection")  # fmt: skip
    event.themes = [db.session.query(Theme).filter_by(slug="sante").one()]
    attachment = make_file(event, "affiche-carnaval.pdf")
    rows = {"action": action, "event": event}
    action.slug, event.slug = "une-action", "un-evenement"
    for row in rows.values():
        texts.index(row)
        texts.index(row)
    db.session.commit()
    for question in ("rats", "bailleurs", "commencer", "propreté"):
        assert found(client, question, rows) == (200, {"action"})
    for question in ("gymnases", "vingt", "élections", "santé", "carnaval"):
        assert found(client, question, rows) == (200, {"event"})
    event.place, event.minutes = "Salle", ""
    db.session.delete(attachment)
    texts.index(event)
    db.session.commit()
    for question in ("gymnase", "vingt", "carnaval"):
        assert found(client, question, rows) == (200, set())
    db.session.delete(event)
    db.session.commit()
    assert found(client, "salle", rows) == (200, set()) and db.session.get(PublicationText, event.id) is None


def test_a_word_without_end_is_indexed_and_searched_as_far_as_words_go(client, cast):
    row = make_publication(Document, cast.alice, title="Long", description="a" * 10_000, level=Visibility.PUBLIC)
    texts.index(row)
    db.session.commit()
    assert found(client, "a" * 100, {"long": row}) == (200, {"long"})
