"""Events that do not take place: what their readers see, and who is told."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.blueprints.publications import common, organising
from app.extensions import db
from app.jobs.dispatching import dispatch
from app.labels import AlertTopic, Channel, RegistrationStatus, Rhythm, Visibility
from app.models import Activity, AlertChoice, Delivery, Document, Event, Registration
from app.models.types import utcnow
from app.notifications import gsm
from app.services import cancelling, registrations
from tests.browse import send, submit
from tests.factories import make_publication
from tests.test_organising import enter, forget_mails, make_event, page_of

YES = "Oui, annuler"
REASON = {"reason": "La salle est inondée."}


@pytest.fixture
def event(cast):
    return make_event(cast.alice)


def told():
    dispatch()
    return {one.recipient for one in db.session.scalars(select(Delivery).where(Delivery.activity_id.is_not(None)))}


def cancelled(event):
    db.session.expire_all()
    return db.session.get(Event, event.id).cancelled_at is not None


def activities():
    return list(db.session.scalars(select(Activity).where(Activity.verb == "event.cancelled")))


def test_it_is_asked_once_with_how_many_are_told_and_then_everybody_is(event, cast, alice):
    enter(event, "Paul Noir", "Ali Gris", "Léa Vert")
    enter(event, "Zoé Blanc", email="", entered_by=cast.alice)
    forget_mails()
    opened = alice.get(page_of(event, "/annulation"))
    said = "prévient tout de suite 3 personnes inscrites ou en attente et 1 membre qui suit les événements."
    assert said in opened.text and " SMS" not in opened.text
    assert "1 personne inscrite n’a laissé ni adresse ni numéro" in opened.text
    answer = send(alice, opened, YES, **REASON)
    assert answer.location == page_of(event) and cancelled(event)
    assert told() == {"p0@essai.example", "p1@essai.example", "p2@essai.example", cast.bruno.email}
    assert db.session.get(Event, event.id).remind_at is None


def test_the_sms_that_leave_are_counted_with_their_price(event, cast, alice, app, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_COST_CENTS", 50.0)
    enter(event, "Zoé Blanc", email="", phone="+33612345678", entered_by=cast.alice)
    cast.bruno.phone, cast.bruno.phone_confirmed_at = "+33612345679", utcnow()
    db.session.add(AlertChoice(user_id=cast.bruno.id, topic=AlertTopic.EVENT, rhythm=Rhythm.NOW, by_sms=True))
    db.session.commit()
    opened = alice.get(page_of(event, "/annulation"))
    for view in ("/annulation", "/suppression"):
        assert re.search(r"Parmi ces messages, 2 SMS, environ \d,00\s€\.", alice.get(page_of(event, view)).text), view
    price = float(re.search(r"environ (\d),00", opened.text)[1])
    send(alice, opened, YES, **REASON)
    dispatch()
    texts = select(Delivery).where(Delivery.channel == Channel.SMS, Delivery.activity_id.is_not(None))
    sent = [gsm.shorten(one.content["short"], link=one.content["link"][1]) for one in db.session.scalars(texts)]
    assert len(sent) == 2 and sum(map(gsm.segments, sent)) * 0.5 == price


def test_its_page_and_the_lists_say_so_and_nobody_registers_any_more(event, alice, client):
    enter(event, "Paul Noir")
    submit(alice, page_of(event, "/annulation"), YES, **REASON)
    page = client.get(page_of(event)).text
    assert "Annulé : cet événement n’a pas lieu." in page and "La salle est inondée." in page
    assert "M’inscrire" not in page
    assert "annulé" in client.get("/ressources/publications?type=evenements").text
    assert "annulé" in alice.get("/mon-conseil/evenements").text
    person = db.session.scalar(select(Registration))
    assert person.status == RegistrationStatus.CONFIRMED
    with pytest.raises(registrations.Closed):
        registrations.register(db.session.get(Event, event.id), name="Ali Gris", email="ali@essai.example")


@pytest.mark.parametrize("reason", ["", "  ", "\0", "x" * 10_000])
def test_a_reason_is_asked_for(event, alice, reason):
    page = submit(alice, page_of(event, "/annulation"), YES, reason=reason)
    assert page.status_code == 422 and "<title>Erreur : " in page.text
    assert not cancelled(event)


def test_a_reason_is_a_text_and_no_mark(event, alice, client):
    submit(alice, page_of(event, "/annulation"), YES, reason="<script>x</script>\u202e 🎉\r\n=1+1")
    assert "&lt;script&gt;" in client.get(page_of(event)).text


def test_pressed_twice_everybody_is_told_once(event, alice):
    enter(event, "Paul Noir")
    opened = alice.get(page_of(event, "/annulation"))
    first, second = (send(alice, opened, YES, **REASON) for _ in range(2))
    assert first.location == second.location == page_of(event)
    assert "déjà annulé" in alice.get(page_of(event)).text
    assert len(activities()) == 1
    assert alice.get(page_of(event, "/annulation")).location == page_of(event)


def test_cancelled_twice_at_one_instant_it_keeps_its_first_reason(event, cast):
    for reason in ("La salle.", "La pluie."):
        cancelling.cancel(event, reason, cast.alice)
    assert event.cancelled_reason == "La salle." and len(activities()) == 1


def test_what_waits_to_invite_to_it_does_not_leave(event, alice):
    row = {"to": "a@essai.example", "name": "", "priority": 1, "publication_id": event.id}
    from_before = [("reminder", "r"), ("alert", "a"), ("digest", "d")]
    for kind, key in from_before:
        db.session.add(
            Delivery(key=key, channel="mail", kind=kind, priority=1, recipient=row["to"], publication_id=event.id,
                     subject="x", content={})
        )  # fmt: skip
    db.session.commit()
    submit(alice, page_of(event, "/annulation"), YES, **REASON)
    left = set(db.session.scalars(select(Delivery.key)))
    assert "d" in left and not left & {"r", "a"}


@pytest.mark.parametrize("state", ["draft", "over"])
def test_there_is_nothing_to_cancel_in_a_draft_or_a_past_event(cast, alice, state):
    long_ago = {"starts_at": utcnow() - timedelta(days=2), "ends_at": utcnow() - timedelta(days=1)}
    event = make_event(cast.alice, **({"published_at": None} if state == "draft" else long_ago))
    page = alice.get(page_of(event, "/annulation"), follow_redirects=True)
    assert page.request.path == page_of(event) and "rien à annuler" in page.text


def test_only_its_author_cancels_it(event, cast, client, client_as):
    assert client.get(page_of(event, "/annulation")).status_code == 302
    for name in ("bruno", "chloe", "referent", "animator", "dora"):
        assert client_as(getattr(cast, name)).get(page_of(event, "/annulation")).status_code == 403, name
    event.level = Visibility.COUNCIL
    db.session.commit()
    assert client_as(cast.chloe).get(page_of(event, "/annulation")).status_code == 404


def test_who_lost_the_right_meanwhile_cancels_nothing(event, cast, alice):
    opened = alice.get(page_of(event, "/annulation"))
    cast.alice.council_id = cast.country.mistral.id
    db.session.commit()
    assert send(alice, opened, YES, **REASON).status_code == 403
    assert not cancelled(event)


def test_who_is_its_author_no_more_at_that_instant_cancels_nothing(event, cast, alice, monkeypatch):
    opened = alice.get(page_of(event, "/annulation"))

    def lock_later(*row):
        db.session.get(Event, event.id).author_id = cast.bruno.id
        db.session.flush()
        return common.lock(*row)

    monkeypatch.setattr(organising, "lock", lock_later)
    assert send(alice, opened, YES, **REASON).status_code == 403
    assert not cancelled(event)


def test_a_referent_cancels_what_they_announced(cast, client_as):
    event = make_event(cast.referent, council_id=None, organiser="Centre de ressources")
    submit(client_as(cast.referent), page_of(event, "/annulation"), YES, **REASON)
    assert cancelled(event)


# The bin ----------------------------------------------------------------------------------------------------------


def test_an_event_that_people_registered_for_is_cancelled_as_it_goes_into_the_bin(event, cast, alice):
    enter(event, "Paul Noir", "Ali Gris", "Léa Vert")
    forget_mails()
    opened = alice.get(page_of(event, "/suppression"))
    said = "Le site dira à 4 personnes que l’événement est annulé</strong> : 3 personnes inscrites ou en attente, et 1 "
    assert said in opened.text
    send(alice, opened, "Oui")
    assert told() >= {"p0@essai.example", "p1@essai.example", "p2@essai.example"}
    assert cancelled(event) and len(activities()) == 1
    submit(alice, "/mon-conseil/corbeille", "Remettre")
    assert "Annulé : cet événement n’a pas lieu." in alice.get(page_of(event)).text


def test_an_event_that_members_know_of_is_cancelled_too_as_it_goes_into_the_bin(event, alice):
    opened = alice.get(page_of(event, "/suppression"))
    assert "Le site dira à 1 personne que l’événement est annulé</strong>." in opened.text
    send(alice, opened, "Oui")
    assert cancelled(event) and len(activities()) == 1


@pytest.mark.parametrize("state", ["over", "draft", "cancelled", "document"])
def test_nobody_is_told_where_nobody_counts_on_it(cast, alice, state):
    if state == "document":
        item = make_publication(Document, cast.alice)
        db.session.commit()
    else:
        item = make_event(cast.alice)
        enter(item, "Paul Noir")
        if state == "over":
            item.starts_at = item.ends_at = utcnow() - timedelta(days=2)
        item.published_at = None if state == "draft" else utcnow()
        item.cancelled_at = utcnow() if state == "cancelled" else None
        db.session.commit()
    place = f"/{item.path}/{item.id}-{item.slug}/suppression"
    opened = alice.get(place)
    assert "annulé" not in opened.text
    assert send(alice, opened, "Oui").status_code == 302
    assert activities() == []
