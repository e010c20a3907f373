"""What the author of an event says of its registrations."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Event
from tests.browse import submit
from tests.factories import make_publication

NEW = "/mon-conseil/evenements/nouveau"
DAY = {"title": "La fête", "start_day": "25/12/2030", "start_time": "18h30"}
OPEN = {"takes_registrations": "on", "seats": "25", "until_day": "20/12/2030", "questions": ["diet", "access"]}


def only():
    db.session.expire_all()
    return db.session.scalars(select(Event)).one()


def test_registrations_are_opened_with_the_announcement(alice):
    submit(alice, NEW, "Publier", **DAY, **OPEN, level="public", admission="members", own_question="Quel atelier ?")
    event = only()
    assert (event.takes_registrations, event.seats, event.admission) == (True, 25, "members")
    assert event.register_until == datetime(2030, 12, 20, 22, 59, tzinfo=UTC)
    assert event.questions == ["diet", "access"] and event.asked == ["diet", "access", "own"]
    assert event.day.isoformat() == "2030-12-25" and event.remind_at == datetime(2030, 12, 25, 7, tzinfo=UTC)


def test_what_was_said_stands_in_the_form_again(alice):
    submit(alice, NEW, "Publier", **DAY, **OPEN)
    submit(alice, f"/evenements/{only().id}-la-fete/modifier", "Enregistrer", place="Square des Lilas")
    event = only()
    assert event.place == "Square des Lilas" and event.seats == 25 and event.takes_registrations
    assert event.questions == ["diet", "access"] and event.register_until


def test_without_a_number_there_are_places_for_all(alice):
    submit(alice, NEW, "Publier", **DAY, takes_registrations="on")
    assert only().seats is None and only().closes_at == only().starts_at


@pytest.mark.parametrize("seats", ["0", "-3", "beaucoup", "10001", "2,5", "٣"])
def test_a_number_of_places_that_is_none_is_told(alice, seats):
    answer = submit(alice, NEW, "Publier", **DAY, takes_registrations="on", seats=seats)
    assert answer.status_code == 422 and "Écrivez un nombre de places entre 1 et" in answer.text
    assert seats in answer.text


def test_nobody_is_let_in_who_cannot_read_the_announcement(alice):
    answer = submit(alice, NEW, "Publier", **DAY, **OPEN, level="council", admission="public")
    assert answer.status_code == 422 and "Ces personnes ne pourront pas lire l’annonce" in answer.text
    answer = submit(alice, NEW, "Publier", **DAY, **OPEN, level="public", admission="council")
    assert answer.status_code == 302


@pytest.mark.parametrize("typed, sentence", [
    ({"until_day": "26/12/2030"}, "au plus tard le jour du début"),
    ({"until_day": "", "until_time": "12h"}, "Écrivez aussi le dernier jour des inscriptions."),
    ({"until_day": "25/12/2030", "until_time": "23h"}, "avant la fin de l’événement"),
])  # fmt: skip
def test_registrations_end_before_the_event(alice, typed, sentence):
    answer = submit(alice, NEW, "Publier", **DAY, **OPEN | typed)
    assert answer.status_code == 422 and sentence in answer.text


def test_a_draft_keeps_what_is_right(alice):
    answer = submit(alice, NEW, "Garder en brouillon", title="La fête", **OPEN)
    assert answer.status_code == 302 and only().seats == 25 and only().published_at is None


def test_a_preview_of_a_change_tries_it_out_without_saving_it(cast, alice):
    event = make_publication(Event, cast.alice, title="La fête", takes_registrations=True, seats=25)
    db.session.commit()
    place = f"/evenements/{event.id}-la-fete/modifier"
    page = alice.get(submit(alice, place, "Voir l’aperçu", seats="30").location)
    assert only().seats == 25 and 'value="30"' in page.text


def test_a_preview_says_what_those_who_register_will_find(cast, alice):
    said = {**OPEN, "level": "public", "admission": "members", "own_question": "Quel atelier ?"}
    page = alice.get(submit(alice, NEW, "Voir l’aperçu", **DAY, **said).location).text
    for words in (
        "25 places", "Jusqu’au vendredi 20 décembre 2030", "Inscription réservée aux membres des conseils",
        "On demandera : Régime alimentaire ; Besoin pour venir", " ; Quel atelier ?",
    ):  # fmt: skip
        assert words in page.partition('id="ecrire"')[0]
    page = alice.get(submit(alice, NEW, "Voir l’aperçu", **DAY | {"title": "Le repas"}).location).text
    assert "<h2>Inscription</h2>" not in page


def test_a_preview_of_a_change_tries_the_registrations_out(cast, alice):
    event = make_publication(Event, cast.alice, title="La fête")
    db.session.commit()
    place = f"/evenements/{event.id}-la-fete/modifier"
    page = alice.get(submit(alice, place, "Voir l’aperçu", takes_registrations="on").location).text
    assert "Sans limite de places" in page and "Jusqu’au début de l’événement" in page


def test_the_box_of_small_corrections_is_there_for_what_is_published(cast, alice):
    event = make_publication(Event, cast.alice, title="La fête")
    db.session.commit()
    assert "petite correction" in alice.get(f"/evenements/{event.id}-la-fete/modifier").text
    assert "petite correction" not in alice.get(NEW).text


def test_a_moved_event_has_another_day(cast, alice):
    event = make_publication(Event, cast.alice, title="La fête")
    db.session.commit()
    place = f"/evenements/{event.id}-la-fete/modifier"
    submit(alice, place, "Enregistrer", start_day="26/12/2030", start_time="8h", end_day="", end_time="")
    assert only().day.isoformat() == "2030-12-26"
    assert only().remind_at == datetime(2030, 12, 25, 17, tzinfo=UTC), "the evening before what begins early"
