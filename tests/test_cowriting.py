"""Writing one text with others, as they do it: forms, merges, conflicts, texts put aside."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.parse import urlencode

import pytest
import time_machine

from app.extensions import begin_write, db
from app.labels import UserStatus, Visibility
from app.models import Document, Presence, Revision, SideVersion
from app.packing import pack
from app.services import accounts, adopting, cowriting, revisions, texts
from tests.browse import forms, send, submit
from tests.factories import make_group, make_publication

NOW = datetime.now(UTC) + timedelta(hours=1)
BASE = """Ce que nous voulons.

## Budget

Trente euros par an. Le trésorier est tiré au sort.

## Réunions

Une par mois."""


@pytest.fixture
def charter(cast):
    """A document that Alice and Bruno write, with one version."""
    item = make_publication(Document, cast.alice, title="Notre charte", is_collaborative=True)
    cowriting.write(item, BASE, cowriting.rendered(item, BASE), cast.alice)
    db.session.commit()
    return item


def address(item, more="ecrire"):
    return f"/documents/{item.id}-{item.slug}/{more}"


def read(item):
    db.session.expire_all()
    return db.session.get(Document, item.id).description


def unbroken(page):
    """Return what a page says with plain spaces."""
    return " ".join(page.text.replace("&nbsp;", " ").split())


def sides():
    """Return all texts put aside, the first first."""
    db.session.expire_all()
    return list(db.session.scalars(db.select(SideVersion).order_by(SideVersion.id)))


def change(client, page, before, after, button="Enregistrer", **fields):
    """Send the form of a page with one thing replaced in its text, as a browser does: line ends of Windows."""
    typed = next(form for form in forms(page.text) if "description" in form.fields).fields["description"]
    assert before in typed
    return send(client, page, button, description=typed.replace(before, after).replace("\n", "\r\n"), **fields)


def test_a_member_changes_the_text_and_a_version_is_kept(client_as, cast, charter):
    client = client_as(cast.bruno)
    page = client.get(address(charter))
    answer = change(client, page, "Trente euros", "Quarante euros", comment="Le prix")
    assert answer.status_code == 302
    assert "Quarante euros" in read(charter)
    newest = revisions.newest(charter)
    assert (newest.number, newest.author_id, newest.comment) == (2, cast.bruno.id, "Le prix")
    assert (newest.added, newest.removed) == (1, 1)
    assert revisions.find(charter, 1).text == BASE
    page = client.get(answer.location)
    assert "C’est enregistré" in page.text
    assert "Quarante euros" in page.text


def test_one_part_is_changed_alone(client_as, cast, charter):
    client = client_as(cast.bruno)
    page = client.get(address(charter), query_string={"partie": 2})
    assert "Une par mois" in page.text
    assert "Trente euros" not in page.text
    change(client, page, "Une par mois", "Deux par mois")
    assert read(charter) == BASE.replace("Une par mois", "Deux par mois")


def test_the_page_of_the_document_offers_each_part(client_as, cast, charter):
    page = client_as(cast.bruno).get(address(charter, "")[:-1]).text
    for number in range(3):
        assert f"/ecrire?partie={number}" in page
    assert "Modifier cette partie : Budget" in page


def test_two_people_change_different_sentences_of_one_paragraph(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    hers, his = alice.get(address(charter)), bruno.get(address(charter))
    change(alice, hers, "Trente euros", "Quarante euros")
    answer = change(bruno, his, "tiré au sort", "élu")
    assert answer.status_code == 302
    assert "Quarante euros par an. Le trésorier est élu." in read(charter)
    page = bruno.get(answer.location)
    assert "réuni" in page.text
    assert "Quarante" in page.text


def test_the_same_form_sent_twice_makes_one_version(client_as, cast, charter):
    client = client_as(cast.bruno)
    page = client.get(address(charter))
    change(client, page, "Trente", "Quarante")
    answer = change(client, page, "Trente", "Quarante")
    assert answer.status_code == 302
    assert revisions.newest(charter).number == 2
    assert "déjà enregistré" in client.get(answer.location).text


def test_what_was_sent_again_after_others_wrote_there_is_not_asked_twice(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    his = bruno.get(address(charter))
    change(bruno, his, "Trente", "Quarante")
    change(alice, alice.get(address(charter)), "Quarante", "Cinquante")
    assert change(bruno, his, "Trente", "Quarante").status_code == 302  # the answer was lost on the way
    assert "Cinquante" in read(charter)


def conflict(client_as, cast, charter):
    """Let Alice and Bruno change the same sentence; return Bruno's browser and the page that he gets."""
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    hers, his = alice.get(address(charter)), bruno.get(address(charter))
    change(alice, hers, "Trente euros", "Quarante euros")
    return bruno, change(bruno, his, "Trente euros", "Vingt euros")


def test_a_conflict_shows_both_texts_and_keeps_what_was_sent(client_as, cast, charter):
    _, page = conflict(client_as, cast, charter)
    assert page.status_code == 409
    assert "que quelqu’un d’autre&nbsp;: Alice Martin" in page.text
    assert "Vingt euros" in page.text
    assert "Quarante euros" in page.text
    assert "Quarante euros" in read(charter)
    [side] = db.session.scalars(db.select(SideVersion))
    assert "Vingt euros" in side.text
    assert side.author_id == cast.bruno.id


@pytest.mark.parametrize(
    ("answer", "own", "there", "gone"),
    [
        ("mine", None, ["Vingt euros"], ["Quarante"]),
        ("theirs", None, ["Quarante euros"], ["Vingt"]),
        ("both", None, ["Vingt euros", "Quarante euros"], []),
        ("anew", "Trente-cinq euros.", ["Trente-cinq euros."], ["Vingt", "Quarante"]),
    ],
)
def test_each_answer_to_a_conflict_is_done(client_as, cast, charter, answer, own, there, gone):
    bruno, page = conflict(client_as, cast, charter)
    fields = {"place_1": answer} | ({"own_place_1": own} if own else {})
    answer = send(bruno, page, "Enregistrer", **fields)
    assert answer.status_code == 302
    text = read(charter)
    assert all(words in text for words in there)
    assert not any(words in text for words in gone)
    assert "## Réunions" in text
    assert db.session.scalar(db.select(SideVersion)).closed_at is not None


def test_a_conflict_is_settled_later_from_the_list(client_as, cast, charter):
    bruno, _ = conflict(client_as, cast, charter)
    page = bruno.get(address(charter, "")[:-1])
    assert "1 texte attend un choix" in page.text
    listed = bruno.get(address(charter, "a-part"))
    side = db.session.scalar(db.select(SideVersion))
    assert address(charter, f"a-part/{side.id}") in listed.text
    answer = submit(bruno, address(charter, f"a-part/{side.id}"), "Enregistrer", place_1="mine")
    assert answer.status_code == 302
    assert "Vingt euros" in read(charter)
    assert "attend un choix" not in bruno.get(address(charter, "")[:-1]).text


def test_a_conflict_that_is_not_answered_comes_back_with_a_sentence(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    answer = send(bruno, page, "Enregistrer", own_place_1="Ce que j’ai écrit à neuf")
    assert answer.status_code == 422
    assert "Choisissez ce qu’il faut garder" in answer.text or "Vous avez écrit dans le cadre" in answer.text
    assert "Ce que j’ai écrit à neuf" in answer.text
    assert "<title>Erreur : " in answer.text


def test_a_text_written_anew_is_not_lost_to_another_choice(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    answer = send(bruno, page, "Enregistrer", place_1="theirs", own_place_1="Ce que j’ai écrit à neuf")
    assert answer.status_code == 422
    assert "Ce que j’ai écrit à neuf" in answer.text


def test_what_others_write_while_a_conflict_is_settled_is_kept(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    alice = client_as(cast.alice)
    change(alice, alice.get(address(charter)), "Une par mois", "Trois par mois")
    assert send(bruno, page, "Enregistrer", place_1="mine").status_code == 302
    assert "Vingt euros" in read(charter)
    assert "Trois par mois" in read(charter)


def test_a_second_conflict_while_the_first_is_settled_keeps_both(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    alice = client_as(cast.alice)
    change(alice, alice.get(address(charter)), "Quarante euros", "Soixante euros")
    again = send(bruno, page, "Enregistrer", place_1="mine")
    assert again.status_code == 409
    assert "Soixante euros" in again.text
    assert send(bruno, again, "Enregistrer", place_1="both").status_code == 302
    assert "Vingt euros" in read(charter)
    assert "Soixante euros" in read(charter)


def test_a_conflict_is_settled_by_hand_in_the_whole_text(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    assert change(bruno, page, "Quarante euros", "Trente-cinq euros", "Enregistrer tout").status_code == 302
    assert "Vingt euros" in read(charter)
    assert "Trente-cinq euros" in read(charter)
    assert db.session.scalar(db.select(SideVersion)).closed_at is not None


def test_a_text_put_aside_is_dismissed_and_taken_up_again(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    answer = send(bruno, page, "Écarter ce texte")
    assert "Aucun texte n’attend" in bruno.get(answer.location).text
    side = db.session.scalar(db.select(SideVersion))
    assert "Vingt euros" in bruno.get(address(charter, f"a-part/{side.id}")).text
    submit(bruno, address(charter, f"a-part/{side.id}"), "Reprendre")
    assert submit(bruno, address(charter, f"a-part/{side.id}"), "Enregistrer", place_1="mine").status_code == 302
    assert "Vingt euros" in read(charter)


def test_a_preview_is_kept_for_its_author_alone(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    page = change(bruno, bruno.get(address(charter)), "Trente", "Quarante", "Voir l’aperçu")
    assert page.status_code == 200
    assert "rien n’est encore enregistré" in page.text
    assert "Quarante" not in read(charter)
    assert "commencé à écrire" in bruno.get(address(charter)).text
    side = db.session.scalar(db.select(SideVersion))
    assert "Quarante" in bruno.get(address(charter), query_string={"reprise": side.id}).text
    assert "commencé à écrire" not in alice.get(address(charter)).text
    assert "Bruno" not in alice.get(address(charter, "a-part")).text.split("<main")[1]
    answer = change(bruno, page, "Quarante", "Cinquante")
    assert answer.status_code == 302
    assert "commencé à écrire" not in bruno.get(address(charter)).text


def test_what_was_previewed_and_then_cannot_be_saved_is_kept(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    his = bruno.get(address(charter))
    change(alice, alice.get(address(charter)), "Trente", "Quarante")
    page = change(bruno, his, "Trente", "Vingt", "Voir l’aperçu")
    answer = send(bruno, page, "Enregistrer")
    assert answer.status_code == 409
    assert "Vingt euros" in answer.text
    assert [side.reason for side in db.session.scalars(db.select(SideVersion))] == ["conflict"]
    assert "1 texte attend un choix" in alice.get(address(charter, "")[:-1]).text


def test_both_versions_of_a_sentence_stand_in_one_paragraph(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    send(bruno, page, "Enregistrer", place_1="both")
    assert "\nQuarante euros par an. Vingt euros par an. Le trésorier est tiré au sort.\n" in read(charter)


def test_a_preview_is_forgotten(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    change(bruno, bruno.get(address(charter)), "Trente", "Quarante", "Voir l’aperçu")
    submit(bruno, address(charter), "Effacer cet aperçu")
    assert db.session.scalar(db.select(SideVersion)) is None


def test_a_preview_says_what_saving_would_bring(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    his = bruno.get(address(charter))
    change(alice, alice.get(address(charter)), "Trente", "Quarante")
    assert "les deux seront réunis" in change(bruno, his, "Une par mois", "Deux", "Voir l’aperçu").text
    assert "1 passage" in change(bruno, his, "Trente", "Vingt", "Voir l’aperçu").text


def test_one_sees_who_is_writing_and_where(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    with time_machine.travel(NOW, tick=False):
        bruno.get(address(charter), query_string={"partie": 1})
    with time_machine.travel(NOW + timedelta(minutes=4), tick=False):
        page = alice.get(address(charter)).text
        assert "Bruno Petit écrit dans « Budget » depuis 4 minutes" in " ".join(page.split())
        assert "Alice Martin écrit" not in page
        assert "Bruno Petit écrit" in alice.get(address(charter, "")[:-1]).text
    with time_machine.travel(NOW + timedelta(minutes=16), tick=False):
        assert "Bruno Petit écrit" not in alice.get(address(charter)).text


def test_whoever_saves_is_not_writing_any_more(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    change(bruno, bruno.get(address(charter)), "Trente", "Quarante")
    assert db.session.scalar(db.select(Presence)) is None


def test_an_adopted_text_is_not_written_and_what_was_sent_is_kept(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    his = bruno.get(address(charter))
    adopting.adopt(charter, 1, NOW.date(), cast.alice)
    db.session.commit()
    page = change(bruno, his, "Trente", "Quarante")
    assert page.status_code == 409
    assert "adopté" in page.text
    assert "Quarante" in page.text
    assert "Quarante" not in read(charter)
    assert 'name="description"' not in bruno.get(address(charter)).text
    adopting.lift(charter, adopting.standing(charter), cast.alice)
    db.session.commit()
    side = db.session.scalar(db.select(SideVersion))
    assert submit(bruno, address(charter, f"a-part/{side.id}"), "Enregistrer").status_code == 302
    assert "Quarante" in read(charter)


def test_previews_of_two_parts_are_both_kept(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    budget, meetings = (bruno.get(address(charter), query_string={"partie": number}) for number in (1, 2))
    whole = bruno.get(address(charter))
    change(bruno, budget, "Trente", "Quarante", "Voir l’aperçu")
    change(bruno, whole, "Ce que", "Voici ce que", "Voir l’aperçu")
    page = change(bruno, meetings, "Une par mois", "Deux par mois", "Voir l’aperçu")
    page = change(bruno, page, "Deux par mois", "Trois par mois", "Voir l’aperçu")  # in the place of the former
    assert [side.title for side in sides()] == ["Budget", "", "Réunions"]
    page = change(bruno, page, "Trois par mois", "Quatre par mois")
    assert [side.title for side in sides()] == ["Budget", ""]
    page = bruno.get(address(charter)).text
    for side, words in zip(sides(), ("Quarante", "Voici ce que"), strict=True):
        assert f"reprise={side.id}" in page
        assert words in bruno.get(address(charter), query_string={"reprise": side.id}).text
    submit(bruno, address(charter), "Effacer cet aperçu")  # the first one offered: the last previewed
    assert [side.title for side in sides()] == ["Budget"]


def test_a_text_that_cannot_be_saved_leaves_the_preview_of_another_part(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    change(bruno, bruno.get(address(charter), query_string={"partie": 2}), "Une", "Deux", "Voir l’aperçu")
    his = bruno.get(address(charter), query_string={"partie": 1})
    change(alice, alice.get(address(charter)), "Trente", "Quarante")
    assert change(bruno, his, "Trente", "Vingt").status_code == 409
    assert sorted(side.reason for side in sides()) == ["conflict", "preview"]


def test_a_preview_of_the_whole_text_still_settles_the_other(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    form = next(form for form in forms(page.text) if "description" in form.fields)
    typed = form.fields.to_dict() | {"act": "preview", "description": BASE.replace("Trente", "Trente-cinq")}
    assert bruno.post(form.action, data=typed).status_code == 200
    side, preview = sides()
    assert preview.settles_id == side.id
    page = bruno.get(address(charter), query_string={"reprise": preview.id})
    assert change(bruno, page, "Trente-cinq", "Trente-six").status_code == 302
    [side] = sides()
    assert (side.outcome, side.settled_number) == ("saved", 3)


def test_the_part_of_a_version_that_was_thinned_away_is_found_by_its_title(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    change(alice, alice.get(address(charter)), "## Budget", "## Membres\n\nDouze personnes.\n\n## Budget")
    his = bruno.get(address(charter), query_string={"partie": 2})  # « Budget » of version 2, « Réunions » of version 1
    change(alice, alice.get(address(charter)), "Douze", "Treize")
    whole = {"packed": pack(read(charter)), "base_id": None}
    db.session.execute(db.update(Revision).where(Revision.number == 3).values(whole))
    db.session.execute(db.delete(Revision).where(Revision.number == 2))
    db.session.commit()
    change(bruno, his, "Trente", "Quarante")
    known = read(charter) + "".join(side.text for side in sides())
    assert "Une par mois" in read(charter) and "Treize" in read(charter) and "Quarante" in known
    assert read(charter).count("## Budget") == 1


def test_what_is_sent_again_is_not_said_to_be_there_when_it_is_not(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    his = bruno.get(address(charter))
    change(bruno, his, "Trente", "Quarante")
    change(alice, alice.get(address(charter)), "Quarante", "Trente")
    answer = change(bruno, his, "Trente", "Quarante")
    page = unbroken(bruno.get(answer.location))
    assert "versions/comparer?de=2&amp;a=3" in page
    assert "C’était déjà enregistré : version n° 2. D’autres ont écrit depuis." in page
    assert "C’est déjà" not in page


def test_a_text_written_anew_that_is_too_long_comes_back_with_a_sentence(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    alice = client_as(cast.alice)
    change(alice, alice.get(address(charter)), "Quarante", "Soixante")  # it would not be merged either
    long = "Les habitants du quartier. " * 12_000 + "fin"
    answer = send(bruno, page, "Enregistrer", place_1="anew", own_place_1=long)
    assert answer.status_code == 422
    assert "caractères" in answer.text
    assert long in answer.text
    assert len(sides()) == 1 and sides()[0].closed_at is None


@pytest.mark.parametrize("number", ["99999999999999999999999", "-1", "0", "", "²", "7"])
def test_a_wrong_number_in_the_form_that_settles_is_that_of_the_present_version(client_as, cast, charter, number):
    bruno, page = conflict(client_as, cast, charter)
    assert send(bruno, page, "Enregistrer", place_1="mine", newest=number).status_code == 302
    assert read(charter) == BASE.replace("Trente", "Vingt")


def test_dismissing_a_text_that_was_settled_meanwhile_says_in_which_version(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    alice = client_as(cast.alice)
    hers = alice.get(address(charter, f"a-part/{sides()[0].id}"))
    send(bruno, page, "Enregistrer", place_1="mine")
    answer = send(alice, hers, "Écarter ce texte")
    assert "réglé entre-temps par Bruno Petit : version n° 3" in unbroken(alice.get(answer.location))
    assert sides()[0].settled_number == 3


@pytest.mark.parametrize(("choice", "status"), [("mine", 302), ("theirs", 302), ("anew", 409)])
def test_the_second_who_settles_a_text_learns_in_which_version_it_is(client_as, cast, charter, choice, status):
    bruno, page = conflict(client_as, cast, charter)
    alice = client_as(cast.alice)
    hers = alice.get(address(charter, f"a-part/{sides()[0].id}"))
    send(bruno, page, "Enregistrer", place_1="mine")
    own = {"own_place_1": "Mille euros."} if choice == "anew" else {}
    answer = send(alice, hers, "Enregistrer", place_1=choice, **own)
    assert answer.status_code == status
    page = alice.get(answer.location) if status == 302 else answer
    assert "réglé entre-temps par Bruno Petit : version n° 3" in unbroken(page)
    assert "Vingt" in read(charter)
    assert (sides()[0].outcome, sides()[0].closed_by_id) == ("saved", cast.bruno.id)


def test_keeping_what_is_saved_settles_a_text_without_a_version(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    answer = send(bruno, page, "Enregistrer", place_1="theirs")
    assert "C’est réglé : le texte déjà enregistré est gardé." in unbroken(bruno.get(answer.location))
    assert (sides()[0].outcome, sides()[0].settled_number) == ("kept", None)
    assert revisions.newest_number(charter) == 2
    assert "réglé : le texte enregistré a été gardé" in unbroken(bruno.get(address(charter, "a-part")))


def test_a_dismissed_text_that_its_author_sends_again_waits_again(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    hers, his = alice.get(address(charter)), bruno.get(address(charter))
    change(alice, hers, "Trente euros", "Quarante euros")
    send(bruno, change(bruno, his, "Trente euros", "Vingt euros"), "Écarter ce texte")
    assert sides()[0].outcome == "dismissed"
    page = change(bruno, his, "Trente euros", "Vingt euros")
    assert page.status_code == 409
    [side] = sides()
    assert (side.closed_at, side.outcome) == (None, None)
    assert send(bruno, page, "Enregistrer", place_1="mine").status_code == 302


def test_a_text_that_conflicts_once_more_takes_the_place_of_the_former(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    alice = client_as(cast.alice)
    change(alice, alice.get(address(charter)), "Quarante euros", "Soixante euros")
    assert send(bruno, page, "Enregistrer", place_1="mine").status_code == 409
    assert [side.outcome for side in sides()] == ["replaced", None]
    assert "repris dans un autre texte en attente" in bruno.get(address(charter, "a-part")).text


def test_a_conflict_with_oneself_is_not_laid_to_others(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    one, other = bruno.get(address(charter)), bruno.get(address(charter))
    change(bruno, one, "Trente", "Quarante")
    page = change(bruno, other, "Trente", "Vingt")
    assert page.status_code == 409
    assert "dans un autre onglet" in page.text
    assert "quelqu’un d’autre" not in page.text


def test_twenty_five_conflicts_are_settled_in_twenty_places(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    lines = [f"Règle {number} du début." if number % 2 else "Une ligne à part." for number in range(50)]
    change(alice, alice.get(address(charter)), BASE, "\n\n".join(lines))
    hers, his = alice.get(address(charter)), bruno.get(address(charter))
    change(alice, hers, "du début", "selon Alice")
    page = change(bruno, his, "du début", "selon Bruno")
    assert page.status_code == 409
    names = {f"place_{number}" for number in range(1, 21)}
    assert all(f'name="{name}"' in page.text for name in names) and 'name="place_21"' not in page.text
    assert send(bruno, page, "Enregistrer", **dict.fromkeys(names, "both")).status_code == 302
    for number in range(1, 50, 2):
        for name in ("Alice", "Bruno"):
            assert f"Règle {number} selon {name}." in read(charter)


def test_a_long_text_is_settled_by_hand_on_a_page_of_its_own(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    parts = "\n\n".join(f"## Titre {number}\n\n{'Une phrase de plus. ' * 100}" for number in range(15))
    change(alice, alice.get(address(charter)), BASE, f"{BASE}\n\n{parts}")
    bruno, page = conflict(client_as, cast, charter)
    assert 'name="description"' not in page.text and len(page.data) < 20_000
    place = address(charter, f"a-part/{sides()[0].id}/texte")
    assert place in page.text
    assert change(bruno, bruno.get(place), "Quarante euros", "Trente-cinq euros").status_code == 302
    assert "Vingt euros" in read(charter) and "Trente-cinq euros" in read(charter)
    assert sides()[0].outcome == "saved"
    assert bruno.get(place).location.endswith(f"a-part/{sides()[0].id}")


def test_two_long_texts_that_are_too_long_together_are_not_lost(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    parts = ["\n\n".join(f"## {name} {n}\n\n{'Une phrase de plus. ' * 900}" for n in range(8)) for name in "ab"]
    hers, his = alice.get(address(charter)), bruno.get(address(charter))
    assert change(alice, hers, "Ce que nous", f"{parts[0]}\n\n## Ce que nous").status_code == 302
    answer = change(bruno, his, "Une par mois.", f"Une par mois.\n\n{parts[1]}")
    assert answer.status_code == 422
    assert "250\u202f000 au plus" in answer.text
    assert "## b 7" in answer.text
    assert "## a 7" in read(charter) and "## b 7" not in read(charter)


def test_a_save_between_the_merge_and_the_lock_is_merged_too(client_as, cast, charter, monkeypatch):
    bruno, real = client_as(cast.bruno), cowriting.plan
    his = bruno.get(address(charter))

    def plan(item, sent):
        made = real(item, sent)
        if revisions.newest_number(item) == 1:
            text = BASE.replace("tiré au sort", "élu")
            cowriting.write(item, text, cowriting.rendered(item, text), cast.alice)
            db.session.commit()
        return made

    monkeypatch.setattr(cowriting, "plan", plan)
    assert change(bruno, his, "Trente", "Quarante").status_code == 302
    assert read(charter) == BASE.replace("tiré au sort", "élu").replace("Trente", "Quarante")
    assert db.session.get(Document, charter.id).origins[4] == 3


def test_slow_work_is_not_done_twice(client_as, cast, charter, monkeypatch):
    alice, seen, real = client_as(cast.alice), [], texts.stems
    monkeypatch.setattr(texts, "stems", lambda text: seen.append(text) or real(text))
    change(alice, alice.get(address(charter)), BASE, f"{BASE}\n\n{'Une phrase de plus. ' * 100}fin.")
    assert sum(text.endswith("fin.") for text in seen) == 1


@pytest.mark.parametrize("button", ["Enregistrer", "Voir l’aperçu"])
def test_rights_lost_before_the_lock_save_nothing_and_give_the_text_back(client_as, cast, charter, monkeypatch, button):
    bruno = client_as(cast.bruno)
    page = bruno.get(address(charter))
    lose_rights_after_the_plan(cast, monkeypatch)
    answer = change(bruno, page, "Trente", "Quarante", button)
    assert answer.status_code == 403
    assert "Quarante" in answer.text
    assert read(charter) == BASE and not sides()


def lose_rights_after_the_plan(cast, monkeypatch):
    real = cowriting.plan

    def plan(item, sent):
        made = real(item, sent)
        cast.bruno.council_id = cast.chloe.council_id
        db.session.commit()
        return made

    monkeypatch.setattr(cowriting, "plan", plan)


def test_rights_lost_before_the_lock_dismiss_nothing(client_as, cast, charter, monkeypatch):
    bruno, page = conflict(client_as, cast, charter)

    def begin():
        cast.bruno.council_id = cast.chloe.council_id
        db.session.commit()
        begin_write()

    monkeypatch.setattr("app.blueprints.publications.cowriting.begin_write", begin)
    assert send(bruno, page, "Écarter ce texte").status_code == 403
    assert sides()[0].closed_at is None


def test_a_text_put_aside_of_another_document_is_not_found(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    other = make_publication(Document, cast.alice, title="Autre charte", is_collaborative=True)
    cowriting.write(other, BASE, cowriting.rendered(other, BASE), cast.alice)
    db.session.commit()
    side_id = sides()[0].id
    for more in (f"a-part/{side_id}", f"a-part/{side_id}/texte"):
        assert bruno.get(address(other, more)).status_code == 404
    token = {"csrf_token": forms(page.text)[0].fields["csrf_token"]}
    assert bruno.post(address(other, f"a-part/{side_id}/etat"), data=token).status_code == 404
    assert bruno.post(address(other, f"a-part/{side_id}"), data=token).status_code == 404
    answer = submit(bruno, address(other), "Enregistrer", description="Tout autre chose.", side=str(side_id))
    assert answer.status_code == 302
    assert sides()[0].closed_at is None


def test_what_cannot_be_saved_is_put_aside_once(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    his = bruno.get(address(charter))
    change(alice, alice.get(address(charter)), "Trente", "Quarante")
    pages = [change(bruno, his, "Trente", "Vingt") for _ in range(2)]
    assert [page.status_code for page in pages] == [409, 409]
    assert len(sides()) == 1


def test_all_that_was_written_anew_is_shown_when_the_session_is_over(client_as, cast, charter):
    bruno, page = conflict(client_as, cast, charter)
    bruno.environ_base["HTTP_ORIGIN"] = "http://localhost"
    with bruno.session_transaction() as session:
        session.clear()
    answer = send(bruno, page, "Enregistrer", place_1="anew", own_place_1="Trente-cinq.")
    assert answer.status_code == 403
    assert '<p class="kept">Trente-cinq.</p>' in answer.text


# Rights -----------------------------------------------------------------------------------------------------------


def test_only_members_of_the_council_write(client, client_as, cast, charter):
    charter.level = Visibility.PUBLIC
    db.session.commit()
    for person in (cast.chloe, cast.emile, cast.referent, cast.animator):
        assert client_as(person).get(address(charter)).status_code == 403
    assert client.get(address(charter)).status_code == 302
    page = client_as(cast.chloe).get(address(charter, "")[:-1]).text
    assert "/ecrire" not in page
    assert "a-part" not in page


def test_groups_write_when_the_author_lets_them(client_as, cast, charter):
    group = make_group("Le département", cast.alice.council, cast.chloe.council)
    charter.level, charter.groups = Visibility.GROUPS, [group]
    db.session.commit()
    chloe = client_as(cast.chloe)
    assert chloe.get(address(charter)).status_code == 403
    charter.groups_write = True
    db.session.commit()
    page = chloe.get(address(charter))
    assert change(chloe, page, "Trente", "Quarante").status_code == 302
    assert "Quarante" in read(charter)
    charter.groups_write = False
    db.session.commit()
    answer = change(chloe, page, "Une par mois", "Sept par mois")
    assert answer.status_code == 403
    assert "Sept par mois" in answer.text
    assert "Sept par mois" not in read(charter)


def test_visibility_narrowed_meanwhile_gives_the_text_back(client_as, cast, charter):
    group = make_group("Le département", cast.alice.council, cast.chloe.council)
    charter.level, charter.groups, charter.groups_write = Visibility.GROUPS, [group], True
    db.session.commit()
    chloe = client_as(cast.chloe)
    page = chloe.get(address(charter))
    charter.level = Visibility.COUNCIL
    db.session.commit()
    answer = change(chloe, page, "Trente", "Quarante")
    assert answer.status_code == 403
    assert "Quarante" in answer.text
    assert "Notre charte" not in answer.text


def test_a_member_suspended_meanwhile_writes_nothing_and_keeps_their_text(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    bruno.environ_base["HTTP_ORIGIN"] = "http://localhost"  # as browsers do
    page = bruno.get(address(charter))
    cast.bruno.status = UserStatus.SUSPENDED
    db.session.commit()
    answer = change(bruno, page, "Trente", "Quarante")
    assert answer.status_code == 403
    assert "Quarante" in answer.text
    assert "Quarante" not in read(charter)


def test_a_document_deleted_meanwhile_gives_the_text_back(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    page = bruno.get(address(charter))
    charter.deleted_at = NOW
    db.session.commit()
    answer = change(bruno, page, "Trente", "Quarante")
    assert answer.status_code == 403
    assert "Quarante" in answer.text


def test_classic_documents_and_drafts_have_no_such_form(client_as, cast):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    classic = make_publication(Document, cast.alice, title="Classique")
    draft = make_publication(Document, cast.alice, title="Brouillon", is_collaborative=True, published_at=None)
    db.session.commit()
    assert bruno.get(address(classic)).status_code == 403
    assert bruno.get(address(draft)).status_code == 404
    for item in (classic, draft):
        assert alice.get(address(item)).location.endswith("/modifier")


# What is typed ----------------------------------------------------------------------------------------------------


def test_a_text_of_spaces_is_refused(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    answer = submit(bruno, address(charter), "Enregistrer", description="  \r\n \t ")
    assert answer.status_code == 422
    assert "Ce texte est vide" in answer.text
    assert read(charter) == BASE


def test_an_emptied_part_is_taken_out(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    page = bruno.get(address(charter), query_string={"partie": 1})
    assert send(bruno, page, "Enregistrer", description="   ").status_code == 302
    assert "Budget" not in read(charter)
    assert "## Réunions" in read(charter)


def test_two_megabytes_are_refused_with_a_sentence_and_come_back(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    long = ("Les habitants du quartier. " * 80_000)[: 2 * 2**20] + " fin du texte"
    answer = submit(bruno, address(charter), "Enregistrer", description=long)
    assert answer.status_code == 422
    assert "250\u202f000 au plus" in answer.text
    assert "fin du texte" in answer.text
    assert read(charter) == BASE


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("« Oui », dit-il… “No”\u00a0!", "« Oui », dit-il… “No” !"),
        ("مرحبا بكم في المجلس", "مرحبا بكم في المجلس"),
        ("\u202eabc", "abc"),
        ("a\0b", "a b"),
        ("Nom\tVoix\r\nAlice\t3\r\nBru|no\t4", "| Nom | Voix |\n| --- | --- |\n| Alice | 3 |\n| Bru\\|no | 4 |"),
        ("Les points :\n•\tUn\n•\tDeux\nFin", "Les points :\n\n- Un\n- Deux\n\nFin"),
        ("•\tUn\n\to\tDeux\n§\tTrois", "- Un\n    - Deux\n- Trois"),
        ("1.\tUn\n2.\tDeux\n3.\tTrois", "1. Un\n2. Deux\n3. Trois"),
        ("a)\tUn\nb)\tDeux", "a) Un\nb) Deux"),
        ("- a\n\t- b\n\t\t- c\n\t- d", "- a\n    - b\n        - c\n    - d"),
        ("Avant.\n\n\tPremier.\n\tSecond.", "Avant.\n\nPremier.\nSecond."),
        ("\tLundi\tMardi\nMatin\tA\tB", "|  | Lundi | Mardi |\n| --- | --- | --- |\n| Matin | A | B |"),
        ("🌳 à l’école", "🌳 à l’école"),
    ],
)
def test_strange_texts_are_kept_as_they_are_meant(client_as, cast, charter, typed, kept):
    bruno = client_as(cast.bruno)
    page = bruno.get(address(charter), query_string={"partie": 0})
    assert send(bruno, page, "Enregistrer", description=typed).status_code == 302
    assert kept in read(charter)
    assert bruno.get(address(charter, "")[:-1]).status_code == 200


def test_a_form_whose_version_was_thinned_away_loses_nothing(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    change(alice, alice.get(address(charter)), "Une par mois", "Deux par mois")
    his = bruno.get(address(charter))  # from version 2
    change(alice, alice.get(address(charter)), "Trente", "Quarante")
    db.session.execute(db.delete(Revision).where(Revision.number == 2))
    db.session.commit()
    assert change(bruno, his, "tiré au sort", "élu").status_code == 302
    assert read(charter) == BASE.replace("Une par", "Deux par").replace("Trente", "Quarante").replace(
        "tiré au sort", "élu"
    )


def test_a_form_of_which_no_version_is_left_becomes_a_conflict(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    his, part = bruno.get(address(charter)), bruno.get(address(charter), query_string={"partie": 1})
    change(alice, alice.get(address(charter)), "Trente", "Quarante")
    whole = {"packed": pack(read(charter)), "base_id": None}
    db.session.execute(db.update(Revision).where(Revision.number == 2).values(whole))
    db.session.execute(db.delete(Revision).where(Revision.number == 1))
    db.session.commit()
    assert change(bruno, his, "tiré au sort", "élu").status_code == 409
    answer = change(bruno, part, "tiré au sort", "nommé")
    assert answer.status_code == 409
    assert "nommé" in answer.text


def test_a_form_that_was_cut_off_on_its_way_writes_nothing(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    page = bruno.get(address(charter))
    fields = next(form for form in forms(page.text) if "description" in form.fields).fields
    body = urlencode(list(fields.items(multi=True))).encode()
    # As gunicorn hands it over: as if nothing were missing.
    known = {"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body))}
    kind = "application/x-www-form-urlencoded"
    half = BytesIO(body[: body.index(b"tir") + 3])
    answer = bruno.post(address(charter), input_stream=half, content_type=kind, environ_overrides=known)
    assert answer.status_code == 400
    assert read(charter) == BASE


def test_a_form_that_is_a_week_old_is_merged(app, cast, charter):
    bruno = app.test_client()
    token = accounts.log_in(cast.bruno, is_long=True)
    db.session.commit()
    with bruno.session_transaction() as session:
        session["_user_id"], session.permanent = token, True
    page = bruno.get(address(charter))
    for days, person in ((2, cast.bruno), (5, cast.alice), (7, None)):
        with time_machine.travel(NOW + timedelta(days=days), tick=False):
            if person is not None:  # they come by; Alice writes
                bruno.get("/mon-conseil")
            if person is cast.alice:
                text = read(charter).replace("Une par mois", "Trois par mois")
                cowriting.write(charter, text, cowriting.rendered(charter, text), cast.alice)
                db.session.commit()
            if person is None:
                assert change(bruno, page, "Trente", "Quarante").status_code == 302
    assert read(charter) == BASE.replace("Trente", "Quarante").replace("Une par", "Trois par")


def test_pages_of_a_text_ask_the_database_little(client_as, cast, charter, queries):
    bruno = client_as(cast.bruno)
    page = bruno.get(address(charter))
    bruno.get(address(charter, "")[:-1])
    for most, ask in (
        (14, lambda: bruno.get(address(charter, "")[:-1])),
        (15, lambda: bruno.get(address(charter), query_string={"partie": 1})),
        (28, lambda: change(bruno, page, "Trente", "Quarante")),
    ):
        queries.clear()
        assert ask().status_code < 400
        assert len(queries) <= most, queries


def test_an_unknown_part_is_not_found(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    assert bruno.get(address(charter), query_string={"partie": 7}).status_code == 404


def test_a_form_with_wrong_numbers_is_no_error_of_the_site(client_as, cast, charter):
    bruno = client_as(cast.bruno)
    for fields in ({"base": "x"}, {"base": "999999"}, {"part": "77"}, {"side": "12345"}, {"base": "", "part": "-1"}):
        answer = submit(bruno, address(charter), "Enregistrer", description="Tout autre chose.", **fields)
        assert answer.status_code in (302, 409)


def test_the_ordinary_form_of_the_author_is_not_disturbed_by_writers(client_as, cast, charter):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    page = alice.get(address(charter, "modifier"))
    change(bruno, bruno.get(address(charter)), "Trente", "Quarante")
    answer = send(alice, page, "Enregistrer", title="Notre charte de quartier")
    assert answer.status_code == 302
    assert "Quarante" in read(charter)
    assert db.session.get(Document, charter.id).title == "Notre charte de quartier"
