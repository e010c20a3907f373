"""What those who hold an event do with the people who come: see them, register them, give a place, write to them."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from app.access import may_organise, viewer_of
from app.blueprints.publications import common, organising
from app.extensions import db
from app.jobs.dispatching import dispatch
from app.labels import Channel, Question, RegistrationStatus, UserStatus, Visibility
from app.models import Activity, Delivery, Event, Registration
from app.models.types import utcnow
from app.notifications import gsm
from app.services import attendance, forgetting, limits, registrations
from tests.browse import forms, send, submit
from tests.factories import make_publication, make_user

CONFIRMED, WAITING, OFFERED = RegistrationStatus.CONFIRMED, RegistrationStatus.WAITING, RegistrationStatus.OFFERED
CANCELLED = RegistrationStatus.CANCELLED
LETTER = {"subject": "Changement de salle", "text": "Nous serons en salle 3.\n\nÀ mardi !"}


def make_event(author, **columns):
    known = {"title": "Le vélo en ville", "level": Visibility.PUBLIC, "takes_registrations": True, "seats": 2}
    event = make_publication(Event, author, **known | columns)
    db.session.commit()
    return event


def page_of(event, view=""):
    return f"/evenements/{event.id}-{event.slug}{view}"


def enter(event, *people, **columns):
    """Register people, as they would come one by one: accounts, or names with an address of their own."""
    found = []
    for number, one in enumerate(people):
        is_name = isinstance(one, str)
        known = {"name": one, "email": f"p{number}@essai.example"} if is_name else {"name": one.name, "user": one}
        found.append(registrations.register(event, **known | columns))
        found[-1].queued_at += timedelta(seconds=number)
    db.session.commit()
    return found


def row_of(registration):
    db.session.expire_all()
    return db.session.get(Registration, registration.id)


def names():
    return list(db.session.scalars(select(Registration.name).order_by(Registration.id)))


def mails(kind="registration"):
    return list(db.session.scalars(select(Delivery).where(Delivery.kind == kind).order_by(Delivery.id)))


def forget_mails():
    for one in mails():
        db.session.delete(one)
    db.session.commit()


@pytest.fixture
def event(cast):
    return make_event(cast.alice)


# The list ---------------------------------------------------------------------------------------------------------


def test_the_list_tells_who_comes_who_waits_and_who_does_not_come(event, bruno):
    people = enter(event, "Zoé Blanc", "Paul Noir", "Ali Gris", "Léa Vert")
    registrations.cancel(people[0])
    db.session.commit()
    page = bruno.get(page_of(event, "/inscrits")).text
    assert (
        "1 personne inscrite ; 1 place proposée, sans réponse pour l’instant ; 1 personne sur la liste d’attente"
        in page
    )
    assert "plus aucune place sur 2" in page
    order = [page.index(name) for name in (
        "Paul Noir", "Place proposée</h2>", "Ali Gris", "Liste d’attente</h2>", "Léa Vert", "Zoé Blanc",
    )]  # fmt: skip
    assert order == sorted(order)
    assert re.search(r'data-label="Rang">1<.*Léa Vert', page, re.DOTALL)
    assert "<details>\n<summary>Ne viennent pas : 1</summary>" in page


def test_the_list_tells_answers_contact_and_who_wrote_it_down(cast, alice):
    event = make_event(cast.alice, questions=[Question.ORGANISATION, Question.DIET], own_question="Quel atelier ?")
    said = {"organisation": "Régie de quartier", "diet": "Sans porc", "own": "<b>Vélo</b>"}
    enter(event, "Zoé Blanc", answers=said, phone="+33612345678", entered_by=cast.bruno)
    enter(event, cast.chloe)
    page = alice.get(page_of(event, "/inscrits")).text
    for words in ("Régie de quartier", "Sans porc", "Quel atelier ?", "&lt;b&gt;Vélo", "p0@essai.example",
                  "06 12 34 56 78", ", saisie par Bruno Petit", "Chloé Bernard",
                  cast.country.reyssouze.name):  # fmt: skip
        assert words in page, words
    assert " ," not in page.partition("<table>")[2]


def test_what_is_empty_has_no_heading_on_a_telephone(event, alice, cast):
    enter(event, "Zoé Blanc", email="", entered_by=cast.alice)
    page = alice.get(page_of(event, "/inscrits")).text
    assert page.count("<td></td>") == 2 and 'data-label="Réponses"' not in page and "–<" not in page


def test_whoever_was_written_down_shows_neither_their_council_nor_that_they_have_an_account(cast, event, alice):
    enter(event, cast.emile)
    opened = alice.get(page_of(event, "/inscrits/nouveau"))
    send(alice, opened, "Inscrire", name="Inconnu Total", email=cast.chloe.email.upper())
    council, own = cast.chloe.council.name, cast.emile.council.name
    page = alice.get(page_of(event, "/inscrits")).text
    assert own in page and "compte sur le site" in page
    row = page.partition(">Inconnu Total<")[2].partition("</tr>")[0]
    assert council not in row and "compte" not in row and cast.chloe.email in row
    for view in ("/emargement", "/inscrits.csv"):
        said = alice.get(page_of(event, view)).text
        assert own in said and council not in said, view


def test_the_list_is_for_those_of_whom_it_is_said_that_they_organise(cast):
    events = [
        make_event(cast.alice), make_event(cast.alice, published_at=None), make_event(cast.alice, hidden_at=utcnow()),
        make_event(cast.alice, withdrawn_at=utcnow()), make_event(cast.referent, council_id=None, organiser="Centre"),
    ]  # fmt: skip
    for number, event in enumerate(events):
        row = {"event_id": event.id, "key": f"mail:{number}", "name": "Zoé Blanc", "status": CONFIRMED}
        db.session.add(Registration(**row))
    db.session.commit()
    for event in events:
        for name in ("alice", "bruno", "chloe", "dora", "emile", "referent", "away", "animator"):
            viewer = viewer_of(getattr(cast, name))
            found = db.session.scalars(attendance.people_of(event, viewer)).all()
            assert bool(found) is may_organise(viewer, event), (name, event.id)


def test_a_long_list_comes_in_pages_and_costs_the_same_number_of_queries(cast, alice, queries):
    event = make_event(cast.alice, seats=60)
    enter(event, *(f"Personne Numéro{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(70)))
    first = alice.get(page_of(event, "/inscrits")).text
    second = alice.get(page_of(event, "/inscrits?page=2")).text
    assert first.count("<tr>") == 51 and "Liste d’attente</h2>" not in first
    assert 'data-label="N°">51<' in second and 'data-label="Rang">10<' in second and 'data-label="N°">1<' not in second
    small = make_event(cast.alice, title="Petit")
    enter(small, "Zoé Blanc")
    counts = []
    for each in (event, small):
        alice.get(page_of(each, "/inscrits"))
        queries.clear()
        alice.get(page_of(each, "/inscrits"))
        counts.append(len(queries))
    assert counts[0] == counts[1] < 12
    assert alice.get(page_of(event, "/inscrits?page=9")).status_code == 404


@pytest.mark.parametrize("view", ["", "/nouveau", "/message", "/1", ".csv", ".ods"])
def test_only_those_who_hold_it_see_who_registered(event, client, client_as, cast, view):
    address = page_of(event, f"/inscrits{view}")
    assert client.get(address).status_code == 302
    for name in ("chloe", "referent", "animator", "dora"):
        assert client_as(getattr(cast, name)).get(address).status_code == 403, name
    event.level = Visibility.COUNCIL
    db.session.commit()
    for name in ("chloe", "referent", "animator"):
        assert client_as(getattr(cast, name)).get(address).status_code == 404, name


def test_of_an_event_of_no_council_its_author_alone_sees_the_list(cast, client_as):
    event = make_event(cast.referent, council_id=None, organiser="Centre de ressources")
    enter(event, "Zoé Blanc")
    assert "Zoé Blanc" in client_as(cast.referent).get(page_of(event, "/inscrits")).text
    for name in ("away", "animator", "alice"):
        assert client_as(getattr(cast, name)).get(page_of(event, "/inscrits")).status_code == 403


def test_names_that_were_erased_leave_their_number(event, alice):
    (person,) = enter(event, "Zoé Blanc")
    forgetting.erase(Registration.id == person.id)
    db.session.commit()
    page = alice.get(page_of(event, "/inscrits")).text
    assert "nom effacé" in page and "Zoé" not in page
    assert "Nom effacé" in alice.get(page_of(event, f"/inscrits/{person.id}")).text


# By hand ----------------------------------------------------------------------------------------------------------


def test_somebody_is_registered_by_hand_with_their_answers(cast, alice):
    event = make_event(cast.alice, questions=[Question.DIET], own_question="Quel atelier ?")
    answer = submit(
        alice, page_of(event, "/inscrits/nouveau"), "Inscrire",
        name="Zoé  Blanc", email="", phone="06 12 34 56 78", answer_diet="Sans porc", answer_own="Réparer",
    )  # fmt: skip
    assert answer.location == page_of(event, "/inscrits")
    person = db.session.scalar(select(Registration))
    assert (person.name, person.phone, person.status, person.entered_by) == (
        "Zoé Blanc", "+33612345678", CONFIRMED, cast.alice,
    )  # fmt: skip
    assert person.answers == {"diet": "Sans porc", "own": "Réparer"}
    assert "Zoé Blanc\xa0: inscription confirmée." in alice.get(answer.location).text


def test_somebody_may_have_neither_address_nor_number(event, alice):
    assert submit(alice, page_of(event, "/inscrits/nouveau"), "Inscrire", name="Zoé Blanc").status_code == 302
    assert names() == ["Zoé Blanc"] and not mails()


def test_a_form_sent_twice_writes_down_one_person(event, alice):
    opened = alice.get(page_of(event, "/inscrits/nouveau"))
    answers = [send(alice, opened, "Inscrire", name="Zoé Blanc") for _ in range(2)]
    assert [one.status_code for one in answers] == [302, 302] and names() == ["Zoé Blanc"]
    assert "Zoé Blanc est déjà dans la liste" in alice.get(page_of(event, "/inscrits")).text


def test_of_two_with_one_name_and_nothing_else_the_second_is_asked_about_once(event, alice):
    submit(alice, page_of(event, "/inscrits/nouveau"), "Inscrire", name="Zoé Blanc")
    asked = submit(alice, page_of(event, "/inscrits/nouveau"), "Inscrire", name="zoe  BLANC")
    assert asked.status_code == 422 and "zoe BLANC est déjà dans la liste." in asked.text
    assert len(names()) == 1
    other = send(alice, asked, "Inscrire", name="Zoé Blanc-Noir")
    assert other.status_code == 302 and names() == ["Zoé Blanc", "Zoé Blanc-Noir"]
    event.seats = 9
    db.session.commit()
    assert send(alice, asked, "Inscrire").status_code == 302
    assert names() == ["Zoé Blanc", "Zoé Blanc-Noir"], "the form has written down its person"
    asked = submit(alice, page_of(event, "/inscrits/nouveau"), "Inscrire", name="Zoé Blanc")
    assert send(alice, asked, "Inscrire").status_code == 302
    assert names() == ["Zoé Blanc", "Zoé Blanc-Noir", "Zoé Blanc"]


def test_two_whose_names_have_no_latin_letter_are_two(event, alice):
    for name in ("محمد", "李明"):
        assert submit(alice, page_of(event, "/inscrits/nouveau"), "Inscrire", name=name).status_code == 302


def test_of_somebody_who_is_there_what_was_empty_is_filled_in(cast, alice):
    event = make_event(cast.alice, questions=[Question.DIET, Question.ORGANISATION])
    (person,) = enter(event, "Zoé Blanc", answers={"diet": "Sans sel"})
    forget_mails()
    answer = submit(
        alice, page_of(event, "/inscrits/nouveau"), "Inscrire", name="Z. Blanc", email="P0@essai.example",
        phone="06 12 34 56 78", answer_diet="Sans porc", answer_organisation="Régie",
    )  # fmt: skip
    assert "Zoé Blanc est déjà dans la liste\xa0: inscription confirmée." in alice.get(answer.location).text
    person = row_of(person)
    assert person.phone == "+33612345678" and person.answers == {"diet": "Sans sel", "organisation": "Régie"}
    assert names() == ["Zoé Blanc"] and mails() == []


def test_what_is_done_by_hand_has_a_limit_for_each_recipient_and_each_account(event, alice, monkeypatch):
    (person,) = enter(event, "Zoé Blanc")
    codes = []
    with time_machine.travel(utcnow(), tick=False):
        for button in ("Retirer", "Donner") * 3 + ("Retirer",):
            submit(alice, page_of(event, f"/inscrits/{person.id}"), button)
        assert row_of(person).status == CONFIRMED
        assert "Il y a eu trop d’essais" in alice.get(page_of(event, "/inscrits")).text
        refused = submit(
            alice, page_of(event, "/inscrits/nouveau"), "Inscrire", name="Zoé Blanc", email="P0@essai.example"
        )
        assert refused.status_code == 429
        monkeypatch.setattr(limits, "BY_HAND_ACCOUNT", replace(limits.BY_HAND_ACCOUNT, most=7))
        for name in ("Paul Noir", "Ali Gris"):
            codes.append(submit(alice, page_of(event, "/inscrits/nouveau"), "Inscrire", name=name).status_code)
    assert codes == [302, 429]


# Once it has begun, or does not take place ------------------------------------------------------------------------


@pytest.fixture
def begun(event, cast):
    people = enter(event, "Paul Noir", "Ali Gris", "Léa Vert")
    event.starts_at, event.ends_at = utcnow() - timedelta(minutes=5), utcnow() + timedelta(hours=1)
    forget_mails()
    return people


def test_once_it_has_begun_one_notes_who_came_and_nobody_gets_a_message(event, begun, alice):
    opened = alice.get(page_of(event, "/inscrits/nouveau"))
    assert "Le site n’envoie pas de message." in opened.text and "Lui donner une place" not in opened.text
    send(alice, opened, "Noter", name="Zoé Blanc", email="zoe@essai.example")
    submit(alice, page_of(event, f"/inscrits/{begun[2].id}"), "Noter sa présence")
    event.seats = None  # with room left, too
    db.session.commit()
    submit(alice, page_of(event, "/inscrits/nouveau"), "Noter", name="Abel Brun", email="abel@essai.example")
    submit(alice, page_of(event, f"/inscrits/{begun[0].id}"), "Retirer")
    found = dict(db.session.execute(select(Registration.name, Registration.status)).all())
    assert found == {"Paul Noir": CANCELLED, "Ali Gris": CONFIRMED, "Léa Vert": CONFIRMED, "Zoé Blanc": CONFIRMED} | {
        "Abel Brun": CONFIRMED
    }
    assert mails() == []


@pytest.mark.parametrize("column", ["cancelled_at", "hidden_at"])
def test_nobody_gets_or_loses_a_place_at_what_does_not_take_place(event, alice, column):
    people = enter(event, "Paul Noir", "Ali Gris", "Léa Vert")
    opened = [alice.get(page_of(event, f"/inscrits/{people[number].id}")) for number in (0, 2)]
    forget_mails()
    setattr(event, column, utcnow())
    db.session.commit()
    for page, button in zip(opened, ("Retirer", "Donner"), strict=True):
        answer = alice.get(send(alice, page, button).location).text
        assert "n’a pas lieu" in answer or "la modération relit" in answer
    assert [row_of(one).status for one in people] == [CONFIRMED, CONFIRMED, WAITING] and mails() == []
    assert forms(alice.get(page_of(event, f"/inscrits/{people[2].id}")).text) == []


# Typing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "Écrivez le prénom et le nom"), ("name", "http://x.fr", "en lettres"),
        ("name", "\0", "Écrivez le prénom"), ("name", "a" * 10_000, "170 caractères"),
        ("email", "zoe", "adresse électronique complète"), ("email", "a" * 9_999 + "@b.fr", "adresse électronique"),
        ("phone", "04 74 00 00 00", "téléphone fixe"), ("phone", "12", "numéro"),
        ("answer_diet", "x" * 10_000, "300 caractères"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_stays(cast, alice, field, typed, sentence):
    event = make_event(cast.alice, questions=[Question.DIET])
    fields = {"name": "Zoé Blanc", "answer_diet": "Sans sel"} | {field: typed}
    page = submit(alice, page_of(event, "/inscrits/nouveau"), "Inscrire", **fields)
    assert page.status_code == 422 and "<title>Erreur : " in page.text
    assert sentence in page.text
    assert "Sans sel" in page.text or field == "answer_diet"


def test_by_hand_one_waits_when_it_is_full_or_comes_above_the_number_of_seats(event, alice):
    enter(event, "Paul Noir", "Ali Gris")
    forget_mails()
    opened = alice.get(page_of(event, "/inscrits/nouveau"))
    assert "la personne ira sur la liste d’attente" in opened.text
    send(alice, opened, "Inscrire", name="Léa Vert", email="lea@essai.example")
    send(alice, opened, "Inscrire", name="Zoé Blanc", email="zoe@essai.example", beyond="y")
    statuses = dict(db.session.execute(select(Registration.name, Registration.status)).all())
    assert (statuses["Léa Vert"], statuses["Zoé Blanc"]) == (WAITING, CONFIRMED)
    told = [one.subject for one in mails() if one.recipient == "zoe@essai.example"]
    assert len(told) == 1 and told[0].startswith("Inscription confirmée")


def test_a_bulletin_that_comes_after_the_deadline_is_still_entered(cast, alice):
    event = make_event(cast.alice, register_until=utcnow() - timedelta(hours=1))
    assert submit(alice, page_of(event, "/inscrits/nouveau"), "Inscrire", name="Zoé Blanc").status_code == 302


def test_nobody_is_registered_for_a_cancelled_event(event, alice):
    opened = alice.get(page_of(event, "/inscrits/nouveau"))
    event.cancelled_at = utcnow()
    db.session.commit()
    page = send(alice, opened, "Inscrire", name="Zoé Blanc")
    assert page.status_code == 422 and "n’a pas lieu" in page.text and 'value="Zoé Blanc"' in page.text


# One person -------------------------------------------------------------------------------------------------------


def test_who_is_taken_off_the_list_is_told_and_the_next_is_offered_the_place(event, alice):
    people = enter(event, "Paul Noir", "Ali Gris", "Léa Vert")
    forget_mails()
    opened = alice.get(page_of(event, f"/inscrits/{people[0].id}"))
    assert "Sa place sera proposée à la personne suivante" in opened.text
    answer = send(alice, opened, "Retirer Paul Noir")
    assert answer.location == page_of(event, "/inscrits")
    assert [row_of(one).status for one in people] == [CANCELLED, CONFIRMED, OFFERED]
    assert {one.recipient for one in mails()} == {"p0@essai.example", "p2@essai.example"}
    again = send(alice, opened, "Retirer Paul Noir")
    assert "Rien n’a changé" in alice.get(again.location).text and len(mails()) == 2


def test_a_place_is_given_above_the_number_of_seats(event, alice):
    people = enter(event, "Paul Noir", "Ali Gris", "Léa Vert")
    forget_mails()
    opened = alice.get(page_of(event, f"/inscrits/{people[2].id}"))
    assert "cette personne viendra en plus" in opened.text
    send(alice, opened, "Donner une place")
    assert row_of(people[2]).status == CONFIRMED
    assert [one.recipient for one in mails()] == ["p2@essai.example"]
    assert "3 personnes inscrites ; plus aucune place sur 2" in alice.get(page_of(event, "/inscrits")).text


def test_somebody_of_another_event_is_not_found_there(cast, event, alice):
    (stranger,) = enter(make_event(cast.alice, title="Un autre"), "Paul Noir")
    page = alice.get(page_of(event, f"/inscrits/{stranger.id}"), follow_redirects=True)
    assert "n’est plus sur la liste" in page.text and "Paul" not in page.text


def test_one_who_lost_the_right_meanwhile_changes_nothing(event, cast, client_as):
    (person,) = enter(event, "Paul Noir")
    browser = client_as(cast.bruno)
    opened = browser.get(page_of(event, f"/inscrits/{person.id}"))
    cast.bruno.council_id = cast.country.mistral.id
    db.session.commit()
    assert send(browser, opened, "Retirer").status_code == 403
    assert row_of(person).status == CONFIRMED


def test_one_who_loses_the_right_at_that_instant_changes_nothing(event, cast, bruno, monkeypatch):
    (person,) = enter(event, "Paul Noir")
    opened = bruno.get(page_of(event, f"/inscrits/{person.id}"))

    def lock_later(*row):
        cast.bruno.council_id = cast.country.mistral.id
        db.session.flush()
        return common.lock(*row)

    monkeypatch.setattr(organising, "lock", lock_later)
    assert send(bruno, opened, "Retirer").status_code == 403
    assert row_of(person).status == CONFIRMED


# Letters ----------------------------------------------------------------------------------------------------------


def write(client, event, button="Envoyer", **fields):
    """Write a letter, look at it, and press the button."""
    seen = submit(client, page_of(event, "/inscrits/message"), "Voir avant", **LETTER | fields)
    assert seen.status_code == 200, seen.text
    return send(client, seen, button)


def letters():
    dispatch()
    return [one for one in mails() if one.key.startswith("activity:")]


def test_a_letter_is_seen_first_then_goes_to_each_by_mail_or_by_sms(event, alice, app):
    event.seats = None
    enter(event, "Paul Noir", "Ali Gris")
    enter(event, "Léa Vert", email="", phone="+33612345678")
    enter(event, "Zoé Blanc", email="")
    opened = alice.get(page_of(event, "/inscrits/message"))
    assert "Les personnes inscrites (3)" in opened.text and "liste d’attente (" not in opened.text
    seen = send(alice, opened, "Voir avant", **LETTER, reply="04 74 00 00 00")
    assert "2 personnes le recevront par courriel, 1 personne par SMS" in seen.text
    assert "1 personne n’a laissé ni adresse ni numéro" in seen.text
    assert letters() == []
    answer = send(alice, seen, "Envoyer à 3 personnes")
    assert answer.location == page_of(event, "/inscrits")
    found = {(one.recipient, one.channel) for one in letters()}
    assert found == {
        ("p0@essai.example", Channel.MAIL), ("p1@essai.example", Channel.MAIL), ("+33612345678", Channel.SMS),
    }  # fmt: skip
    mail = letters()[0]
    said = " ".join(mail.content["paragraphs"])
    for words in ("Bonjour Paul Noir", "Alice Martin", "Le vélo en ville", "salle 3", "04 74 00 00 00"):
        assert words in said
    assert mail.subject == LETTER["subject"] and "/inscriptions/" in mail.content["link"][1]
    assert "alice@" not in str(mail.content) and "Ne répondez pas" not in said
    assert letters()[2].content["short"].startswith("Le vélo en ville – Changement de salle :")


def test_a_letter_that_cannot_be_answered_says_so(event, alice):
    enter(event, "Paul Noir")
    write(alice, event)
    said = letters()[0].content["paragraphs"]
    assert said[-1] == "Ne répondez pas à ce courriel : Alice Martin ne le verrait pas."


def test_the_cost_of_the_sms_is_that_of_their_segments(event, alice, app, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_COST_CENTS", 100.0)
    enter(event, "Léa Vert", email="", phone="+33612345678")
    enter(event, "Ali Gris", email="", phone="+33612345679")
    long = {"text": "Nous serons en salle 3. " * 8}
    seen = submit(alice, page_of(event, "/inscrits/message"), "Voir avant", **LETTER | long)
    segments = int(re.search(r"\((\d) SMS chacune\)", seen.text)[1])
    assert f"Coût des SMS pour le site : {segments * 2},00" in seen.text
    send(alice, seen, "Envoyer")
    texts = {gsm.segments(gsm.shorten(one.content["short"], link=one.content["link"][1])) for one in letters()}
    assert texts == {segments}


def test_a_letter_whose_button_is_pressed_twice_leaves_once(event, alice):
    enter(event, "Paul Noir")
    seen = submit(alice, page_of(event, "/inscrits/message"), "Voir avant", **LETTER)
    first, second = (send(alice, seen, "Envoyer") for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert "Votre message est déjà parti." in alice.get(second.location).text
    assert len(letters()) == 1
    write(alice, event)
    assert len(letters()) == 2


@pytest.mark.parametrize(
    ("group", "expected"), [("placed", {1}), ("offered", {2}), ("waiting", {3}), ("all", {1, 2, 3})]
)
def test_a_letter_goes_to_the_chosen_ones_only(event, alice, group, expected):
    people = enter(event, "Paul Noir", "Ali Gris", "Léa Vert", "Zoé Blanc")
    registrations.cancel(people[0])
    db.session.commit()
    opened = alice.get(page_of(event, "/inscrits/message")).text
    for words in (
        "inscrites (1)",
        "place est proposée (1)",
        "attente (1)",
        "Tous : inscriptions et liste d’attente (3)",
    ):
        assert words in opened
    write(alice, event, group=group)
    assert {one.recipient for one in letters()} == {f"p{number}@essai.example" for number in expected}


def test_an_account_gets_it_at_its_present_address_and_a_closed_one_not_at_all(event, cast, alice):
    flora = make_user("Flora Gris", cast.council)
    enter(event, cast.chloe, flora)
    cast.chloe.email, flora.status = "neuve@essai.example", UserStatus.CLOSED
    db.session.commit()
    seen = submit(alice, page_of(event, "/inscrits/message"), "Voir avant", **LETTER)
    assert "1 personne le recevra par courriel" in seen.text
    send(alice, seen, "Envoyer")
    assert {one.recipient for one in letters()} == {"neuve@essai.example"}


@pytest.mark.parametrize("loss", ["suspended", "moved", "deleted", "hidden"])
def test_a_letter_whose_author_organises_no_more_goes_to_nobody(event, cast, alice, loss):
    enter(event, "Paul Noir")
    write(alice, event)
    if loss == "deleted":
        event.deleted_at = utcnow()
    elif loss == "hidden":
        event.hidden_at = utcnow()
    elif loss == "moved":
        cast.alice.council_id = cast.country.mistral.id
    else:
        cast.alice.status = UserStatus.SUSPENDED
    db.session.commit()
    assert letters() == []
    assert db.session.scalar(select(func.count(Activity.id)).where(Activity.dispatched_at.is_(None))) == 0


def test_of_a_hidden_event_nobody_writes(event, alice):
    enter(event, "Paul Noir")
    seen = submit(alice, page_of(event, "/inscrits/message"), "Voir avant", **LETTER)
    event.hidden_at = utcnow()
    db.session.commit()
    answer = send(alice, seen, "Envoyer")
    assert answer.location == page_of(event, "/inscrits")
    page = alice.get(answer.location).text
    assert "La modération relit cette annonce" in page and "Écrire aux" not in page
    assert db.session.scalar(select(func.count(Activity.id)).where(Activity.verb == "event.letter")) == 0


def test_an_event_hidden_at_that_instant_sends_no_letter(event, alice, monkeypatch):
    enter(event, "Paul Noir")
    seen = submit(alice, page_of(event, "/inscrits/message"), "Voir avant", **LETTER)

    def lock_later(*row):
        db.session.get(Event, event.id).hidden_at = utcnow()
        db.session.flush()
        return common.lock(*row)

    monkeypatch.setattr(organising, "lock", lock_later)
    assert send(alice, seen, "Envoyer").status_code == 422
    assert db.session.scalar(select(func.count(Activity.id)).where(Activity.verb == "event.letter")) == 0


def test_what_was_changed_since_it_was_shown_is_shown_again(event, alice):
    enter(event, "Paul Noir", "Ali Gris", "Léa Vert")
    seen = submit(alice, page_of(event, "/inscrits/message"), "Voir avant", **LETTER)
    again = send(alice, seen, "Envoyer à 2 personnes", group="all")
    assert again.status_code == 200 and letters() == []
    assert [button[0] for button in forms(again.text)[0].buttons] == ["Voir avant d’envoyer", "Envoyer à 3 personnes"]
    assert send(alice, again, "Envoyer").status_code == 302
    assert len(letters()) == 3


def test_ten_letters_a_day_are_enough(event, alice):
    enter(event, "Paul Noir")
    with time_machine.travel(utcnow(), tick=False):
        for _ in range(10):
            assert write(alice, event).status_code == 302
        refused = write(alice, event)
    assert refused.status_code == 429 and "Il y a eu trop d’essais" in refused.text and "salle 3" in refused.text


def test_the_letters_of_an_author_are_counted_over_all_their_events(cast, event, alice, monkeypatch):
    monkeypatch.setattr(limits, "LETTERS_ACCOUNT", replace(limits.LETTERS_ACCOUNT, most=1))
    other = make_event(cast.alice, title="Autre")
    for one in (event, other):
        enter(one, "Paul Noir")
    with time_machine.travel(utcnow(), tick=False):
        assert [write(alice, one).status_code for one in (event, other)] == [302, 429]


def test_a_letter_without_words_or_readers_is_not_sent(event, alice):
    assert "Il n’y a personne à qui écrire" in alice.get(page_of(event, "/inscrits/message")).text
    enter(event, "Paul Noir")
    page = submit(alice, page_of(event, "/inscrits/message"), "Voir avant", subject="", text="\0", group="waiting")
    assert page.status_code == 422
    for sentence in ("Écrivez l’objet", "Écrivez votre message", "Il n’y a plus personne dans ce choix"):
        assert sentence in page.text


def test_what_is_not_for_everybody_is_not_told_in_a_mail(event, alice):
    event.level, event.place = Visibility.MEMBERS, "Au secret"
    enter(event, "Paul Noir", entered_by=event.author)
    write(alice, event)
    assert "Au secret" not in str(letters()[0].content) and " h" not in letters()[0].content["paragraphs"][1]


def test_the_page_of_the_event_leads_those_who_hold_it_to_all_that(event, alice, bruno, client):
    page = alice.get(page_of(event)).text
    for view in ("/inscrits", "/emargement", "/affiche", "/bulletin", "/rattrapage", "/annulation"):
        assert f'href="{page_of(event, view)}"' in page
    assert page_of(event, "/annulation") not in bruno.get(page_of(event)).text
    assert page_of(event, "/inscrits") not in client.get(page_of(event)).text
    assert forms(client.get(page_of(event, "/affiche")).text) == []
    event.cancelled_at = utcnow()
    db.session.commit()
    page = alice.get(page_of(event)).text
    for view in ("/emargement", "/affiche", "/bulletin", "/annulation"):
        assert f'href="{page_of(event, view)}"' not in page
    for view in ("/inscrits", "/rattrapage"):
        assert f'href="{page_of(event, view)}"' in page
