"""What the pages of a text that several write say, and in which order: adopted or not, one’s own text or another’s."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.extensions import db
from app.labels import SideReason, Visibility
from app.models import Document
from app.services import adopting, cowriting
from app.services.cowriting import Sent
from app.templating import of_person
from tests.browse import forms, send, submit
from tests.factories import make_group, make_publication

NOW = datetime.now(UTC) + timedelta(hours=1)
BASE = "Ce que nous voulons.\n\n## Budget\n\nTrente euros par an.\n\n## Réunions\n\nUne par mois."


@pytest.fixture
def charter(cast):
    """A document that Alice and Bruno write, with one version."""
    item = make_publication(Document, cast.alice, title="Notre charte", is_collaborative=True)
    write(item, BASE, cast.alice)
    return item


def write(item, text, author):
    cowriting.write(item, text, cowriting.rendered(item, text), author)
    db.session.commit()


def aside(item, author, text, reason=SideReason.CONFLICT):
    side = cowriting.put_aside(item, Sent(text, 1, None, "", author.email + text), author, reason)
    db.session.commit()
    return side


def adopt(item, member):
    adopting.adopt(item, 1, NOW.date(), member)
    db.session.commit()


def address(item, more=""):
    return f"/documents/{item.id}-{item.slug}{more}"


def main_of(page):
    """Return the main part of a page as it is read: without marks, one blank between words."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.split("<main")[1]).replace("&nbsp;", " ").split())


def title_of(page):
    return re.search(r"<title>(.*?)</title>", page.text)[1].replace("&nbsp;", " ")


# Adopted ----------------------------------------------------------------------------------------------------------


def test_an_adopted_text_gives_back_what_was_previewed_and_offers_no_frame(client_as, cast, charter):
    aside(charter, cast.bruno, "Le texte de Bruno", SideReason.PREVIEW)
    adopt(charter, cast.alice)
    page = client_as(cast.bruno).get(address(charter, "/ecrire"))
    said = main_of(page)
    assert title_of(page).startswith("Ce texte est adopté : Notre charte")
    assert '<p class="kept">Le texte de Bruno</p>' in page.text
    assert f'{address(charter, "/versions/adoption/levee")}">Rouvrir le texte' in page.text
    assert "Reprendre" not in said and "Modifier une seule partie" not in said and "<textarea" not in page.text


def test_who_writes_as_a_guest_is_not_offered_to_reopen_a_text(client_as, cast, charter):
    charter.level, charter.groups_write = Visibility.GROUPS, True
    charter.groups = [make_group("Le département", cast.alice.council, cast.chloe.council)]
    adopt(charter, cast.alice)
    page = client_as(cast.chloe).get(address(charter, "/ecrire"))
    assert page.status_code == 200 and "levee" not in page.text
    assert f"un membre du conseil {charter.council.name} doit d’abord rouvrir le texte" in main_of(page)


def test_what_is_previewed_of_an_adopted_text_is_shown_to_be_copied(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    opened = bruno.get(address(charter, "/ecrire"))
    adopt(charter, cast.alice)
    page = send(bruno, opened, "Voir l’aperçu", description="Tout autre chose")
    assert '<p class="kept">Tout autre chose</p>' in page.text


def test_nobody_is_said_to_write_an_adopted_text(client_as, cast, charter):
    cowriting.arrive(charter.id, cast.bruno.id, "Budget")
    db.session.commit()
    alice = client_as(cast.alice)
    pages = [address(charter), address(charter, "/ecrire")]
    assert all("Bruno Petit écrit" in main_of(alice.get(page)) for page in pages)
    adopt(charter, cast.alice)
    assert not any("Bruno Petit écrit" in main_of(alice.get(page)) for page in pages)


# Choosing between two texts ---------------------------------------------------------------------------------------


def test_a_text_of_somebody_else_is_never_called_one_s_own(client_as, cast, charter):
    side = aside(charter, cast.bruno, BASE.replace("Trente", "Vingt"))
    write(charter, BASE.replace("Trente", "Quarante"), cast.alice)
    page = client_as(cast.alice).get(address(charter, f"/a-part/{side.id}"))
    said = main_of(page)
    assert title_of(page).startswith("Choisir entre deux textes : Notre charte")
    assert "<h3>Le texte de Bruno Petit</h3>" in page.text and "<h3>Le texte enregistré, le vôtre</h3>" in page.text
    assert "Garder celui de Bruno Petit" in said and "Garder le vôtre" not in said
    assert "[ le texte de Bruno Petit :" in said or "[le texte de Bruno Petit :" in said
    assert not re.search(r"\b(mon|mien|votre texte)\b", said.split("Choisir entre deux textes")[1].lower())


def test_whoever_settles_their_own_text_reads_whose_the_other_is(client_as, cast, charter):
    side = aside(charter, cast.bruno, BASE.replace("Trente", "Vingt"))
    write(charter, BASE.replace("Trente", "Quarante"), cast.alice)
    page = client_as(cast.bruno).get(address(charter, f"/a-part/{side.id}"))
    assert "<h3>Votre texte</h3>" in page.text and "<h3>Le texte enregistré d’Alice Martin</h3>" in page.text
    assert "Garder le vôtre" in main_of(page) and "Garder celui qui est enregistré" in main_of(page)


@pytest.mark.parametrize(("length", "is_open"), [(10, True), (500, False)])
def test_the_words_that_differ_are_open_when_they_are_few(client_as, cast, charter, length, is_open):
    long = " mot" * (length // 4)
    side = aside(charter, cast.bruno, BASE.replace("Trente euros par an.", f"Vingt{long}."))
    write(charter, BASE.replace("Trente", "Quarante"), cast.alice)
    page = client_as(cast.bruno).get(address(charter, f"/a-part/{side.id}"))
    assert ("<details open>\n<summary>Les mots qui diffèrent" in page.text) == is_open
    (frame,) = re.findall(r'<textarea[^>]*name="own_place_1"[^>]*>', page.text)
    rows = int(re.search(r'rows="(\d+)"', frame)[1])
    assert rows == (3 if is_open else 14)


def test_each_error_says_which_passage_it_is_about(client_as, cast, charter):
    side = aside(charter, cast.bruno, BASE.replace("Trente", "Vingt").replace("Une par", "Deux par"))
    write(charter, BASE.replace("Trente", "Quarante").replace("Une par", "Trois par"), cast.alice)
    bruno = client_as(cast.bruno)
    page = submit(bruno, address(charter, f"/a-part/{side.id}"), "Enregistrer", place_1="mine")
    assert page.status_code == 422
    summary = main_of(page).split("À corriger")[1]
    assert summary.startswith(" Passage n° 2 : que faut-il garder ? : Choisissez")
    assert page.text.count("<details>\n<summary>Écrire autrement") == 2
    page = send(bruno, page, "Enregistrer", place_1="mine", own_place_2="Chaque semaine.")
    assert page.text.count("<details open>\n<summary>Écrire autrement") == 1


def test_a_text_that_is_settled_or_dismissed_says_so_in_its_title(client_as, cast, charter):
    side = aside(charter, cast.bruno, BASE.replace("Trente", "Vingt"))
    write(charter, BASE.replace("Trente", "Quarante"), cast.alice)
    bruno = client_as(cast.bruno)
    place = address(charter, f"/a-part/{side.id}")
    submit(bruno, place, "Écarter ce texte")
    assert title_of(bruno.get(place)).startswith("Texte écarté : ")
    submit(bruno, place, "Reprendre")
    submit(bruno, place, "Enregistrer", place_1="mine")
    assert title_of(bruno.get(place)).startswith("Texte réglé : ")


def test_previews_are_listed_apart_from_what_waits(client_as, cast, charter):
    aside(charter, cast.bruno, "Envoyé")
    aside(charter, cast.bruno, "Regardé", SideReason.PREVIEW)
    page = client_as(cast.bruno).get(address(charter, "/a-part"))
    said = main_of(page)
    assert title_of(page).startswith("Textes en attente : Notre charte")
    assert page.text.count("/ecrire?reprise=") == 1
    assert said.index("En attente d’un choix") < said.index("Vos aperçus, pas encore enregistrés")
    assert "Revenir au document" in said
    assert "Textes en attente : 1 texte attend un choix" in main_of(client_as(cast.alice).get(address(charter)))


# Writing ----------------------------------------------------------------------------------------------------------


def test_a_preview_comes_in_the_order_of_the_ordinary_form(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    opened = bruno.get(address(charter, "/ecrire"))
    write(charter, BASE.replace("Une par mois", "Deux par mois"), cast.alice)
    page = send(bruno, opened, "Voir l’aperçu", description=BASE.replace("Trente", "Vingt"))
    said = main_of(page)
    order = ["rien n’est encore enregistré", "les deux seront réunis", "Vingt euros", "Enregistrer Continuer à écrire"]
    places = [said.index(words) for words in order]
    assert places == sorted(places) and page.text.index("Continuer à écrire") < page.text.index("<textarea")
    assert alice.get(address(charter)).status_code == 200


def test_what_others_changed_meanwhile_is_one_link_away_after_a_merge(client_as, client, cast, charter):
    bruno = client_as(cast.bruno)
    opened = bruno.get(address(charter, "/ecrire"))
    write(charter, BASE.replace("Une par mois", "Deux par mois"), cast.alice)
    answer = send(bruno, opened, "Enregistrer", description=BASE.replace("Trente", "Vingt"))
    assert answer.location.endswith(f"{address(charter)}?depuis=1&jusque=2")
    page = bruno.get(answer.location)
    assert page.text.count('class="flash"') == 1
    assert "version n° 3. Alice Martin a aussi écrit pendant ce temps : les deux textes sont réunis." in main_of(page)
    assert "/versions/comparer?de=1&amp;a=2" in page.text
    for more in ("?depuis=x&jusque=2", "?depuis=2&jusque=1", "?depuis=1", f"?depuis=1&jusque={10**12}"):
        assert "pendant que vous écriviez" not in bruno.get(address(charter, more)).text
    charter.level = Visibility.PUBLIC
    db.session.commit()
    for person in (client, client_as(cast.chloe)):
        assert "pendant que vous écriviez" not in person.get(answer.location).text


def test_who_has_just_come_writes_at_this_moment(client_as, cast, charter):
    with time_machine.travel(NOW, tick=False):
        client_as(cast.bruno).get(address(charter, "/ecrire?partie=1"))
        page = client_as(cast.alice).get(address(charter))
    assert "En ce moment Bruno Petit écrit dans « Budget », à l’instant" in main_of(page)
    assert "dans «\u00a0Budget\u00a0»" in page.text


# The page of the document -----------------------------------------------------------------------------------------


def test_a_visitor_gets_the_text_and_what_they_may_do_with_it(client, cast, charter):
    charter.level = Visibility.PUBLIC
    aside(charter, cast.bruno, "Envoyé")
    page = client.get(address(charter))
    links = re.findall(r'href="(/documents/[^"]*)"', page.text)
    assert sorted(links) == [address(charter, end) for end in (".md", "/imprimer", "/qr.svg")]
    assert "Description" not in page.text and "Télécharger le texte (Markdown, 1 Ko)" in main_of(page)


def test_an_empty_text_is_neither_adopted_nor_downloaded(client_as, cast):
    item = make_publication(Document, cast.alice, title="Rien encore", is_collaborative=True)
    db.session.commit()
    page = client_as(cast.alice).get(address(item))
    assert "Ce texte est encore vide" in main_of(page)
    assert not re.search(r'href="[^"]*/(versions/adoption|imprimer)"', page.text) and f"{item.slug}.md" not in page.text


def test_the_author_changes_the_rest_from_below_the_text(client_as, cast, charter):
    page = client_as(cast.alice).get(address(charter))
    said = main_of(page)
    assert said.index("Une par mois") < said.index("Modifier le titre, les lecteurs, les fichiers")
    assert "Modifier le titre" not in main_of(client_as(cast.bruno).get(address(charter)))


def test_following_ends_with_a_button_that_takes_back(client_as, cast, charter):
    alice = client_as(cast.alice)
    page = alice.get(address(charter))
    buttons = [button for form in forms(page.text) for button in form.buttons]
    assert ["Ne plus suivre", "act", "cancel"] in buttons
    assert "Suivre ce document" in alice.get(send(alice, page, "Ne plus suivre").location).text


def test_pages_about_a_text_stand_where_the_text_stands(client_as, cast, charter):
    page = client_as(cast.alice).get(address(charter, "/ecrire"))
    trail = main_of(page).split("Modifier le texte")[0]
    assert trail.endswith("Mon conseil Nos documents Notre charte ")
    assert page.text.split("<main")[1].count("Notre charte") == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Alice Moreau", "d’Alice"),
        ("Élodie", "d’É"),
        ("Yves", "d’Y"),
        ("Yann", "de Y"),
        ("Le Minh", "de Le"),
        ("Œ", "d’Œ"),
    ],
)
def test_a_person_is_named_with_the_right_word(name, said):
    assert of_person(name).startswith(said)
