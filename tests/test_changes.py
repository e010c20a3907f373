"""Events that change or do not take place: who is told, when, and of what."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.jobs.dispatching import dispatch
from app.jobs.sending import send_mails
from app.labels import AlertTopic, Channel, RegistrationStatus, Rhythm, Visibility
from app.models import Activity, Delivery, Event, Registration
from app.models.types import utcnow
from app.notifications import outbox
from app.services import alerts, bin, cancelling, publishing, reaching
from tests.browse import submit
from tests.factories import make_group, make_publication, make_user
from tests.test_reminders import on
from tests.test_reminders import register as sign_up

START = on("12:00", date(2026, 12, 1))
LATER = START + timedelta(minutes=15)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(START, tick=False):
        yield


@pytest.fixture
def event(cast):
    event = make_publication(
        Event, cast.alice, title="La fête", starts_at=on("18:00"), ends_at=on("20:00"), place="Salle 1",
        level=Visibility.MEMBERS, takes_registrations=True, published_at=START - timedelta(days=3),
    )  # fmt: skip
    db.session.commit()
    return event


def register(event, name="Zoé Martin", **columns):
    """Write somebody down, as an organiser does: they are told of what is not public, too."""
    return sign_up(event, name, **{"entered_by_id": event.author_id} | columns)


def edit(client, event, **fields):
    answer = submit(client, f"/evenements/{event.id}-{event.slug}/modifier", "Enregistrer", **fields)
    assert answer.status_code == 302, answer.text


def told_at(instant):
    with time_machine.travel(instant, tick=False):
        dispatch()
    db.session.expire_all()
    return db.session.scalars(select(Delivery).order_by(Delivery.id)).all()


def text(delivery):
    return "\n".join(delivery.content["paragraphs"]).replace("\xa0", " ")


def kinds(deliveries):
    return {(one.recipient, one.kind) for one in deliveries}


def test_a_new_hour_is_told_a_quarter_of_an_hour_later_to_members_and_to_the_registered(cast, alice, event):
    register(event)
    edit(alice, event, start_time="19 h", end_time="21 h")
    assert told_at(LATER - timedelta(seconds=1)) == []
    found = told_at(LATER)
    assert kinds(found) == {("zoé@ailleurs.example", "registration"), (cast.bruno.email, "alert")}
    assert (
        "Nouvelle heure : jeudi 3 décembre 2026, de 19 h à 21 h, au lieu de : jeudi 3 décembre 2026, de 18 h"
        in text(found[0])
    )
    assert len(told_at(LATER)) == 2


def test_edits_within_a_quarter_of_an_hour_make_one_alert_from_the_first_state_to_the_last(cast, alice, event):
    edit(alice, event, start_time="19 h", end_time="21 h")
    with time_machine.travel(START + timedelta(minutes=5), tick=False):
        edit(alice, event, place="Salle 2")
    with time_machine.travel(START + timedelta(minutes=14), tick=False):
        edit(alice, event, start_time="20 h", end_time="22 h", title="La grande fête")
    (mail,) = told_at(LATER)
    said = text(mail)
    assert "de 20 h à 22 h, au lieu de : jeudi 3 décembre 2026, de 18 h à 20 h" in said and "19 h" not in said
    assert "Nouveau titre : « La grande fête », au lieu de « La fête »." in said
    assert "Le lieu change" in said and "Salle 2" not in said  # not public: mails are passed on
    assert len(db.session.scalars(select(Activity)).all()) == 1


def test_an_edit_after_that_is_told_apart(cast, alice, event):
    edit(alice, event, place="Salle 2")
    told_at(LATER)
    with time_machine.travel(LATER, tick=False):
        edit(alice, event, place="Salle 3")
    assert len(told_at(LATER + timedelta(minutes=15))) == 2


def test_an_edit_while_the_first_is_being_dispatched_is_not_lost(cast, alice, event):
    edit(alice, event, place="Salle 2")
    with time_machine.travel(LATER, tick=False):
        db.session.scalar(select(Activity)).next_attempt_at = utcnow() + timedelta(minutes=5)  # somebody has it
        db.session.commit()
        edit(alice, event, place="Salle 3")
    assert len(db.session.scalars(select(Activity)).all()) == 2


def test_what_is_changed_back_in_time_is_told_to_nobody(cast, alice, event):
    edit(alice, event, place="Salle 2", description="Avec un bal.")
    with time_machine.travel(START + timedelta(minutes=5), tick=False):
        edit(alice, event, place="Salle 1", description="")
    assert told_at(LATER) == []
    assert db.session.scalar(select(Activity.dispatched_at)) is not None


def test_a_small_correction_is_quiet_but_a_new_hour_never_is(cast, alice, event):
    edit(alice, event, description="Avec un bal.", is_quiet="y")
    assert db.session.scalars(select(Activity)).all() == []
    edit(alice, event, description="Avec un grand bal.", start_time="19 h", end_time="21 h", is_quiet="y")
    (mail,) = told_at(LATER)
    assert "Nouvelle heure" in text(mail) and "Le texte" not in text(mail)


def test_a_new_programme_is_told_unless_its_author_says_that_it_is_small(cast, alice, event):
    edit(alice, event, agenda="1. Accueil")
    (mail,) = told_at(LATER)
    assert "Le texte de l’annonce, ou ses fichiers, ont été modifiés." in text(mail)


def test_other_settings_of_an_event_are_no_news(cast, alice, event):
    edit(alice, event, seats="12")
    assert db.session.scalars(select(Activity)).all() == []


def test_a_restored_version_is_told_as_the_change_it_is(cast, alice):
    submit(alice, "/mon-conseil/evenements/nouveau", "Publier", title="La fête", start_day="03/12/2026",
           start_time="18 h", level="public", place="Salle 1")  # fmt: skip
    event = db.session.scalar(select(Event))
    told_at(START)
    edit(alice, event, place="Salle 2")
    found = told_at(LATER)
    assert "Nouveau lieu : Salle 2, au lieu de : Salle 1." in text(found[-1])
    with time_machine.travel(LATER, tick=False):
        submit(alice, f"/evenements/{event.id}-{event.slug}/versions/1", "Rétablir")
    assert "Nouveau lieu : Salle 1, au lieu de : Salle 2." in text(told_at(LATER + timedelta(minutes=15))[-1])


def test_whoever_is_registered_and_a_member_gets_one_message_whatever_they_chose(cast, alice, event):
    alerts.set_choices(cast.bruno, {AlertTopic.EVENT: (Rhythm.NEVER, False)})
    register(event, user=cast.bruno, name="Bruno Petit", status=RegistrationStatus.WAITING)
    register(event, "Ali Faure", email="", phone="+33612345678")
    register(event, "Eva Roy", status=RegistrationStatus.CANCELLED)
    edit(alice, event, start_day="04/12/2026", end_day="04/12/2026")
    found = told_at(LATER)
    assert kinds(found) == {(cast.bruno.email, "registration"), ("+33612345678", "registration")}
    sms = next(one for one in found if one.channel == Channel.SMS)
    assert sms.content["short"] == "Changement : La fête, vendredi 4 décembre 2026 à 18 h"


def test_the_group_is_told_only_of_what_is_for_the_group(cast, alice, event):
    group = make_group("Bourg", cast.council, cast.country.reyssouze)
    event.level, event.groups = Visibility.GROUPS, [group]
    db.session.commit()
    edit(alice, event, place="Salle 2")
    assert kinds(told_at(LATER)) == {(cast.bruno.email, "alert"), (cast.chloe.email, "alert")}


def test_what_somebody_has_seen_on_the_site_is_not_sent(cast, alice, bruno, event):
    edit(alice, event, place="Salle 2")
    bruno.get(f"/evenements/{event.id}-{event.slug}")
    assert told_at(LATER) == []


@pytest.mark.parametrize("mark", ["deleted_at", "hidden_at", "withdrawn_at"])
def test_the_change_of_what_is_away_is_told_to_nobody(cast, alice, event, mark):
    register(event)
    edit(alice, event, place="Salle 2")
    setattr(event, mark, utcnow())
    db.session.commit()
    assert told_at(LATER) == []


# Cancelled --------------------------------------------------------------------------------------------------------


def test_a_cancelled_event_is_told_at_once_to_all_but_those_who_never_want_to_know(cast, event):
    never = make_user("Fatou Neuve", cast.council)
    weekly = make_user("Luc Neuf", cast.council)
    alerts.set_choices(never, {AlertTopic.EVENT: (Rhythm.NEVER, False)})
    alerts.set_choices(weekly, {AlertTopic.EVENT: (Rhythm.WEEKLY, False)})
    register(event)
    cancelling.cancel(event, "La salle est fermée.", cast.alice)
    db.session.commit()
    found = told_at(START)
    assert kinds(found) == {
        ("zoé@ailleurs.example", "registration"), (cast.bruno.email, "alert"), (weekly.email, "alert"),
    }  # fmt: skip
    for mail in found:
        assert "n’aura pas lieu" in text(mail) and "La raison : La salle est fermée." in text(mail)


def test_of_what_is_in_the_bin_the_same_people_are_told_without_a_link(cast, event):
    register(event)
    event.level = Visibility.COUNCIL
    alerts.set_choices(make_user("Fatou Neuve", cast.council), {AlertTopic.EVENT: (Rhythm.NEVER, False)})
    cancelling.cancel(event, "", cast.alice)
    bin.discard(event, cast.alice)
    db.session.commit()
    found = told_at(START)
    assert kinds(found) == {("zoé@ailleurs.example", "registration"), (cast.bruno.email, "alert")}
    assert {mail.content["link"] and "x" for mail in found} == {None}
    send_mails()
    assert set(db.session.scalars(select(Delivery.state))) == {"sent"}


def test_what_was_taken_back_out_of_the_bin_takes_place(cast, event):
    register(event)
    bin.discard(event, cast.alice)
    publishing.dispatch.record("event.cancelled", event, cast.alice.id)
    bin.recover(event)
    db.session.commit()
    assert told_at(START) == []


def test_alerts_that_wait_are_taken_back_when_the_event_is_cancelled(cast, alice, event):
    edit(alice, event, place="Salle 2")
    assert len(told_at(LATER)) == 1
    assert outbox.withdraw(event.id, ["reminder"]) == 0
    cancelling.cancel(event, "", cast.alice)
    db.session.commit()
    assert [one.subject for one in told_at(LATER)] == ["Annulé : La fête"]


def test_the_form_says_who_will_be_told_of_a_change(cast, alice, event):
    register(event)
    register(event, "Ali Faure", status=RegistrationStatus.WAITING)
    page = " ".join(alice.get(f"/evenements/{event.id}-{event.slug}/modifier").text.split())
    told = "2 personnes inscrites dans un quart d’heure ; 1 personne dans un quart d’heure par courriel."
    assert f"Qui sera prévenu du changement : {told}" in page


# Before it leaves -------------------------------------------------------------------------------------------------


def sent_after(change):
    change()
    db.session.commit()
    send_mails()
    db.session.expire_all()
    return db.session.scalars(select(Delivery).order_by(Delivery.id)).all()


@pytest.fixture
def waiting(cast, event):
    """An alert to Bruno, a member, and to Chloé, of the group: both in the outbox."""
    event.level = Visibility.GROUPS
    event.groups = [make_group("Bourg", cast.council, cast.country.reyssouze)]
    event.published_at = None
    db.session.flush()
    publishing.publish(event)
    db.session.commit()
    assert len(told_at(START)) == 2
    return event


def refused(rows):
    return {row.person_id: row.error for row in rows if row.state == "failed"}


@pytest.mark.parametrize("what", ["level", "group left", "suspended", "moved"])
def test_who_may_no_longer_read_is_not_written_to(cast, waiting, what):
    chloe = cast.chloe

    def change():
        if what == "level":
            waiting.level = Visibility.COUNCIL
        elif what == "group left":
            waiting.groups[0].councils = [cast.council]
        elif what == "suspended":
            chloe.status = "suspended"
        else:
            chloe.council_id = cast.country.mistral.id

    chloe_id = chloe.id
    assert refused(sent_after(change)) == {chloe_id: "Non envoyé : cette personne ne peut plus le lire."}


@pytest.mark.parametrize("what", ["bin", "hidden", "erased"])
def test_what_is_gone_is_written_to_nobody(cast, waiting, what):
    def change():
        if what == "bin":
            bin.discard(waiting, cast.alice)
        elif what == "hidden":
            waiting.hidden_at = utcnow()
        else:
            db.session.delete(waiting)

    rows = sent_after(change)
    assert len(rows) == 2 and {row.state for row in rows} == {"failed"}


def test_what_was_read_meanwhile_or_is_paused_is_not_sent(cast, waiting, bruno):
    bruno_id, chloe_id = cast.bruno.id, cast.chloe.id

    def change():
        bruno.get(f"/evenements/{waiting.id}-{waiting.slug}")
        cast.chloe.alerts_paused_at = utcnow()

    found = refused(sent_after(change))
    assert "lu entre-temps" in found[bruno_id] and "en pause" in found[chloe_id]


def test_a_message_about_ones_own_registration_hangs_on_no_right_to_read(cast, alice, event):
    register(event, user=cast.emile, name="Émile Durand")
    edit(alice, event, place="Salle 2")
    told_at(LATER)
    db.session.expire_all()
    with time_machine.travel(LATER, tick=False):
        rows = sent_after(lambda: setattr(event, "level", Visibility.COUNCIL))
    assert {row.kind: row.state for row in rows} == {"registration": "sent", "alert": "sent"}


def test_the_look_asks_as_much_for_each_message(cast, waiting, queries):
    queries.clear()
    send_mails()
    assert len(queries) < 50, queries
    assert {row.state for row in db.session.scalars(select(Delivery))} == {"sent"}
    assert not db.session.scalars(select(Registration)).all()


# Those who registered ---------------------------------------------------------------------------------------------


def with_number(person, number="+33612345678", **choice):
    person.phone, person.phone_confirmed_at = number, utcnow()
    alerts.set_choices(person, {AlertTopic.EVENT: (Rhythm.NEVER, True)} | choice)
    db.session.commit()


def reach(event):
    return reaching.reach("event", event.author, [], item=event)[Visibility(event.level)]


def form_says(client, event):
    return " ".join(client.get(f"/evenements/{event.id}-{event.slug}/modifier").text.split())


def test_whoever_registered_and_chose_texts_for_events_gets_both_a_mail_and_a_text(cast, alice, event):
    with_number(cast.bruno)
    register(event, user=cast.bruno, name="Bruno Petit")
    edit(alice, event, start_time="19 h", end_time="21 h")
    mail, sms = told_at(LATER)
    assert {(mail.recipient, mail.channel), (sms.recipient, sms.channel)} == {
        (cast.bruno.email, Channel.MAIL), ("+33612345678", Channel.SMS),
    }  # fmt: skip
    assert text(mail).startswith("Bonjour Bruno,") and {mail.kind, sms.kind} == {"registration"}


def test_a_pause_stops_the_text_and_not_the_mail_about_ones_own_place(cast, alice, event):
    with_number(cast.bruno)
    cast.bruno.alerts_paused_at = utcnow()
    register(event, user=cast.bruno, name="Bruno Petit")
    edit(alice, event, place="Salle 2")
    assert [one.channel for one in told_at(LATER)] == [Channel.MAIL]


def test_the_form_counts_the_registered_as_the_alerts_do(cast, alice, event):
    with_number(cast.bruno)
    register(event, user=cast.bruno, name="Bruno Petit")
    register(event, user=cast.alice, name="Alice Martin")
    register(event, "Nora Sans", email="")
    register(event, "Ali Faure", email="", phone="+33612345699")
    register(event, "Bruno Encore", email=cast.bruno.email)
    cast.chloe.status = "closed"
    register(event, user=cast.chloe, name="Chloé Bernard")
    found = reach(event)
    assert (found.registered, found.by_sms, found.at_once, found.is_change) == (2, 2, 0, True)
    answer = submit(alice, f"/evenements/{event.id}-{event.slug}/modifier", "Enregistrer", place="Salle 2")
    assert "2 personnes seront prévenues dans un quart d’heure." in alice.get(answer.location).text
    addresses = ["+33612345678", "+33612345699", cast.bruno.email]
    assert sorted(one.recipient for one in told_at(LATER)) == addresses


def test_a_member_who_was_written_down_with_their_address_is_told_once(cast, alice, event):
    register(event, "Bruno Petit", email=cast.bruno.email)
    assert (reach(event).registered, reach(event).at_once) == (1, 0)
    edit(alice, event, place="Salle 2")
    assert kinds(told_at(LATER)) == {(cast.bruno.email, "registration")} and len(told_at(LATER)) == 1


def test_the_form_says_what_the_texts_to_the_registered_cost(app, cast, alice, event, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_COST_CENTS", 7)
    register(event, "Ali Faure", email="", phone="+33612345699")
    page = form_says(alice, event).replace("\xa0", " ")
    assert "1 personne inscrite dans un quart d’heure" in page and "1 personne par SMS (environ 7 centimes)" in page


def test_a_quiet_correction_and_what_is_over_promise_nothing(cast, alice, event):
    register(event)
    answer = submit(alice, f"/evenements/{event.id}-{event.slug}/modifier", "Enregistrer", agenda="1.", is_quiet="y")
    assert "prévenue" not in alice.get(answer.location).text.split('role="status">')[1].split("</p>")[0]
    with time_machine.travel(event.ends_at + timedelta(hours=1), tick=False):
        assert "Qui sera prévenu" not in form_says(alice, event) and reach(event).told == 0


def test_the_change_of_what_is_over_by_then_is_told_to_nobody(cast, alice, event):
    register(event)
    edit(alice, event, start_day="01/12/2026", end_day="01/12/2026", start_time="12 h", end_time="12 h 10")
    assert told_at(LATER) == []


def test_who_changed_it_is_not_told_whoever_changed_it_after_them(cast, alice, event):
    edit(alice, event, place="Salle 2")
    with time_machine.travel(START + timedelta(minutes=5), tick=False):
        event.author_id = cast.bruno.id
        before = publishing.content_of(event)
        event.place = "Salle 3"
        publishing.revise(event, before, cast.bruno)
        db.session.commit()
    assert told_at(LATER) == []
    data = db.session.scalar(select(Activity.data))
    assert data["actors"] == sorted([cast.alice.id, cast.bruno.id])
    assert data["last_at"] == (START + timedelta(minutes=5)).isoformat()


# Narrowed since ---------------------------------------------------------------------------------------------------


@pytest.fixture
def narrowed(cast, alice, event):
    """An event that Zoé, without an account, and Émile registered for; now it is its council's."""
    event.level, event.title = Visibility.PUBLIC, "La fête"
    db.session.commit()
    sign_up(event)
    sign_up(event, "Émile Durand", user=cast.emile)
    with time_machine.travel(START + timedelta(hours=1), tick=False):
        edit(alice, event, level="council", title="La fête secrète", place="Cave", start_time="19 h", end_time="21 h")
    return event


def test_who_may_no_longer_read_it_learns_nothing_new_of_a_change(cast, narrowed):
    found = [one for one in told_at(LATER + timedelta(hours=1)) if one.kind == "registration"]
    assert len(found) == 2
    for mail in found:
        said = f"{mail.subject} {text(mail)} {mail.content['short']} {mail.content['link']}"
        assert "ne vous est plus ouverte" in said and "La fête" in said and "de 18 h à 20 h" in said
        assert not any(word in said for word in ("secrète", "Cave", "19", "-la-fete", "/evenements/"))
        assert "/inscriptions/" in mail.content["link"][1]


def test_who_may_no_longer_read_it_learns_that_what_they_knew_does_not_take_place(cast, narrowed):
    told_at(LATER + timedelta(hours=1))
    with time_machine.travel(START + timedelta(hours=3), tick=False):
        cancelling.cancel(narrowed, "Un secret.", cast.alice)
        db.session.commit()
    found = [one for one in told_at(START + timedelta(hours=3)) if "Annulé" in one.subject]
    for mail in [one for one in found if one.kind == "registration"]:
        said = f"{mail.subject} {text(mail)} {mail.content['short']} {mail.content['link']}"
        assert "Annulé : La fête" in said and "Il était prévu jeudi 3 décembre 2026, de 18 h à 20 h." in said
        assert not any(word in said for word in ("secret", "secrète", "Cave", "/evenements/"))
    assert {one.recipient for one in found if one.kind == "alert"} == {cast.bruno.email}
    assert "Un secret." in text(next(one for one in found if one.kind == "alert"))


# Places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"seats": "1"}, "2 personnes gardent leur place, pour 1 place"),
        (
            {"takes_registrations": None},
            "Il ne faut plus s’inscrire, mais 2 personnes inscrites n’ont pas été prévenues.",
        ),
        ({"seats": "2"}, ""),
    ],
)
def test_the_author_is_warned_of_what_becomes_of_those_who_registered(cast, alice, event, fields, said):
    register(event)
    register(event, "Ali Faure")
    answer = submit(alice, f"/evenements/{event.id}-{event.slug}/modifier", "Enregistrer", **fields)
    page = alice.get(answer.location).text
    notices = " ".join(re.findall('role="status">(.*?)</p>', page)).replace("\xa0", " ")
    assert said in notices and ("gardent" in notices or "inscrites" in notices) == bool(said)
