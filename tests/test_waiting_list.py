"""The waiting list of an event: ranks, places that fall free, offers and their end, a second session."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.access import may_come
from app.extensions import begin_write, db
from app.jobs import JOBS
from app.jobs.publishing import publish
from app.jobs.registrations import NAME, pass_places_on
from app.labels import AlertTopic, Channel, RegistrationStatus, Rhythm, UserStatus, Visibility
from app.localtime import at
from app.models import Delivery, Event, Job, Registration
from app.models.stamp import PAGES, read_stamp
from app.models.types import utcnow
from app.services import alerts, bin, offers, publishing, registrations, seats
from tests.browse import forms, send, submit
from tests.factories import make_group, make_user, make_workshop
from tests.test_registering import own_page, page_of

STATUS = RegistrationStatus
CONFIRMED, WAITING, OFFERED = STATUS.CONFIRMED, STATUS.WAITING, STATUS.OFFERED


def crowd(event, number, first=1):
    """Register so many people, in their order."""
    begin_write()
    event = offers.lock(event.id)
    made = [registrations.register(event, name=f"N{i}", email=f"n{i}@ex.fr") for i in range(first, first + number)]
    db.session.commit()
    return made


def quit_(*rows):
    begin_write()
    for row in rows:
        registrations.cancel(row)
    db.session.commit()


def list_of(event):
    """Return the names and statuses of an event, in the order of their registration."""
    db.session.expire_all()
    rows = select(Registration).where(Registration.event_id == event.id).order_by(Registration.id)
    return [(row.name, row.status) for row in db.session.scalars(rows)]


def statuses(event):
    return [status for _, status in list_of(event)]


def subjects(to):
    rows = db.session.scalars(select(Delivery).where(Delivery.recipient == to).order_by(Delivery.id))
    return [row.subject.split(" : ")[0] for row in rows]


def test_the_list_has_its_order_and_each_knows_their_rank(cast, client, bruno):
    event = make_workshop(cast.alice, seats=1)
    rows = crowd(event, 3)
    submit(bruno, page_of(event), "M’inscrire sur la liste d’attente")
    assert statuses(event) == [CONFIRMED, WAITING, WAITING, WAITING]
    assert [offers.rank_of(row) for row in rows] == [0, 1, 2]
    assert "Vous êtes 3e sur la liste d’attente" in bruno.get(page_of(event)).text
    assert "Vous êtes en tête de la liste d’attente" in client.get(own_page(rows[1])).text
    assert "Complet</strong>&nbsp;: 3 personnes attendent" in client.get(page_of(event)).text
    quit_(rows[1])
    assert "Vous êtes 2e sur la liste d’attente" in bruno.get(page_of(event)).text
    submit(bruno, page_of(event), "Quitter la liste d’attente")
    assert statuses(event) == [CONFIRMED, STATUS.CANCELLED, WAITING, STATUS.CANCELLED]


def test_a_place_that_falls_free_is_offered_to_the_next_who_takes_it(cast, client):
    event = make_workshop(cast.alice, seats=1)
    first, second, _ = crowd(event, 3)
    quit_(first)
    assert statuses(event) == [STATUS.CANCELLED, OFFERED, WAITING]
    assert timedelta(hours=23) < second.offered_until - utcnow() <= timedelta(hours=24)
    assert subjects("n2@ex.fr") == ["Liste d’attente", "Une place pour vous"]
    page = client.get(own_page(second))
    assert [button[0] for form in forms(page.text) for button in form.buttons] == [
        "Je prends la place", "Je laisse ma place",
    ]  # fmt: skip
    assert statuses(event)[1] == OFFERED  # a scanner of links takes nothing
    answer = send(client, page, "Je prends la place")
    assert "Votre inscription est confirmée" in client.get(answer.location).text
    send(client, page, "Je prends la place")  # twice
    assert statuses(event) == [STATUS.CANCELLED, CONFIRMED, WAITING]
    assert subjects("n2@ex.fr")[2:] == ["Inscription confirmée"]


def test_a_place_that_is_left_passes_on_and_several_places_make_several_offers(cast, client):
    event = make_workshop(cast.alice, seats=2)
    rows = crowd(event, 5)
    quit_(*rows[:2])
    assert statuses(event)[2:] == [OFFERED, OFFERED, WAITING]
    send(client, client.get(own_page(rows[2])), "Je laisse ma place")
    assert statuses(event)[2:] == [STATUS.CANCELLED, OFFERED, OFFERED]


def test_newcomers_never_overtake_the_waiting_list(cast):
    event = make_workshop(cast.alice, seats=1)
    rows = crowd(event, 2)
    quit_(rows[0])
    crowd(event, 1, first=3)
    assert statuses(event) == [STATUS.CANCELLED, OFFERED, WAITING]
    event.seats = 3  # as if nobody had moved the list yet
    db.session.commit()
    crowd(event, 1, first=4)
    assert statuses(event)[2:] == [WAITING, WAITING]


def test_whoever_cancelled_comes_back_at_the_end_of_the_list(cast):
    event = make_workshop(cast.alice, seats=1)
    first, *_ = crowd(event, 3)
    quit_(first)
    crowd(event, 1)
    assert list_of(event) == [("N1", WAITING), ("N2", OFFERED), ("N3", WAITING)]
    assert offers.rank_of(first) == 2


# Until when -------------------------------------------------------------------------------------------------------

DAY = date(2027, 3, 16)  # a Tuesday, in winter time


@pytest.mark.parametrize(
    ("starts", "offered", "until"),
    [
        ((18, 18), (16, 14, 0), (17, 14, 0)),  # a day before or more: 24 hours
        ((17, 10), (16, 9, 0), (17, 9, 0)),
        ((17, 10), (16, 12, 0), (16, 14, 0)),  # the last day: two hours
        ((16, 15), (16, 14, 0), (16, 15, 0)),  # never past the beginning
        ((17, 14), (16, 23, 0), (17, 10, 0)),  # nobody is woken
        ((17, 14), (17, 5, 0), (17, 10, 0)),
        ((17, 14), (16, 21, 59), (16, 23, 59)),
        ((17, 9), (16, 22, 0), (17, 9, 0)),
        ((17, 14), (17, 8, 0), (17, 10, 0)),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Paris", "Pacific/Tahiti", "America/Guadeloupe"])
def test_an_offer_lasts_a_day_or_two_hours_and_nobody_is_woken(cast, starts, offered, until, zone):
    def instant(day, hour, minute=0):
        return at(zone, DAY.replace(day=day), time(hour, minute))

    with time_machine.travel(instant(10, 12), tick=False):
        event = make_workshop(cast.alice, seats=1, starts_at=instant(*starts), ends_at=None, time_zone=zone)
        first, second = crowd(event, 2)
    with time_machine.travel(instant(*offered), tick=False):
        quit_(first)
    assert second.offered_until == instant(*until)


def test_the_night_of_the_change_of_clocks_ends_at_ten_on_the_wall(cast):
    with time_machine.travel(datetime(2027, 3, 27, 22, 30, tzinfo=UTC), tick=False):  # 23:30; at 2:00 it will be 3:00
        starts = at("Europe/Paris", date(2027, 3, 28), time(15))
        event = make_workshop(cast.alice, seats=1, starts_at=starts, ends_at=None)
        first, second = crowd(event, 2)
        quit_(first)
        assert second.offered_until == datetime(2027, 3, 28, 8, 0, tzinfo=UTC)


def test_an_offer_by_sms_alone_waits_for_the_hours_of_texts(cast):
    """Texts leave from 8 to 20: two hours from 20:30 on would be over before the SMS is there."""
    with time_machine.travel(at("Europe/Paris", DAY, time(20, 30)), tick=False):
        event = make_workshop(cast.alice, seats=1, starts_at=utcnow() + timedelta(hours=20), ends_at=None)
        (first,) = crowd(event, 1)
        second = registrations.register(event, name="Tel", phone="+33612345678")
        quit_(first)
        assert second.offered_until == at("Europe/Paris", DAY + timedelta(days=1), time(10))


def test_an_account_that_chose_texts_for_events_gets_offers_both_ways(cast):
    event = make_workshop(cast.alice, seats=1)
    (first,) = crowd(event, 1)
    cast.bruno.phone, cast.bruno.phone_confirmed_at = "+33612345678", utcnow()
    alerts.set_choices(cast.bruno, {AlertTopic.EVENT: (Rhythm.NEVER, True)})
    registrations.register(event, name="Bruno Petit", user=cast.bruno)
    quit_(first)
    rows = db.session.scalars(select(Delivery).where(Delivery.key.contains(":offered:"))).all()
    assert {(row.channel, row.recipient) for row in rows} == {
        (Channel.MAIL, cast.bruno.email), (Channel.SMS, "+33612345678"),
    }  # fmt: skip
    assert all(row.useful_until == db.session.scalar(select(Registration.offered_until).where(
        Registration.user_id == cast.bruno.id)) for row in rows)  # fmt: skip


# Offers that nobody answers ---------------------------------------------------------------------------------------


def test_an_offer_that_nobody_answers_passes_on_and_its_reader_is_told(cast, client):
    event = make_workshop(cast.alice, seats=1)
    first, second, third = crowd(event, 3)
    quit_(first)
    assert not JOBS["places"].has_work()
    with time_machine.travel(utcnow() + timedelta(hours=24, seconds=1), tick=False):
        assert JOBS["places"].has_work()
        pass_places_on()
        pass_places_on()
        assert not JOBS["places"].has_work()
        assert statuses(event) == [STATUS.CANCELLED, STATUS.LAPSED, OFFERED]
        assert subjects("n2@ex.fr")[-1] == "La place n’est plus pour vous"
        assert "M’inscrire de nouveau" in client.get(own_page(second)).text
        assert subjects("n3@ex.fr")[-1] == "Une place pour vous"


def test_a_place_taken_one_second_too_late_is_somebody_elses(cast, client):
    event = make_workshop(cast.alice, seats=1)
    first, second, third = crowd(event, 3)
    quit_(first)
    page = client.get(own_page(second))
    with time_machine.travel(second.offered_until + timedelta(seconds=1), tick=False):
        answer = send(client, page, "Je prends la place")
        told = client.get(answer.location).text
        assert "C’est trop tard" in told and "passée à la personne suivante" in told
        assert statuses(event) == [STATUS.CANCELLED, STATUS.LAPSED, OFFERED]
        assert "C’est trop tard" in client.get(send(client, page, "Je prends la place").location).text


def test_once_the_event_has_begun_nothing_changes_hands(cast, client, bruno):
    event = make_workshop(cast.alice, seats=1)
    first, second = crowd(event, 2)
    quit_(first)
    page = client.get(own_page(second))
    with time_machine.travel(event.starts_at, tick=False):
        assert "C’est trop tard" in client.get(send(client, page, "Je prends la place").location).text
        pass_places_on()
        assert statuses(event) == [STATUS.CANCELLED, WAITING]
        assert subjects("n2@ex.fr")[-1] == "Une place pour vous"
        assert "L’événement a commencé" in bruno.get(page_of(event)).text
        assert "L’événement a commencé" in client.get(own_page(second)).text


# The organiser changes it -----------------------------------------------------------------------------------------


def edit(browser, event, **fields):
    return submit(browser, page_of(event, "/modifier"), "Enregistrer", **fields)


def test_more_seats_move_the_list_up_and_fewer_take_nothing_away(cast, alice):
    event = make_workshop(cast.alice, seats=1, title="Un atelier", slug="un-atelier")
    crowd(event, 4)
    assert edit(alice, event, seats="3").status_code == 302
    assert statuses(event) == [CONFIRMED, OFFERED, OFFERED, WAITING]
    assert edit(alice, event, seats="1").status_code == 302
    assert statuses(event) == [CONFIRMED, OFFERED, OFFERED, WAITING]
    state = seats.state_of(event)
    assert (state.left, state.held, state.waiting) == (0, 3, 1)
    with time_machine.travel(utcnow() + timedelta(hours=25), tick=False):
        pass_places_on()
        assert statuses(event) == [CONFIRMED, STATUS.LAPSED, STATUS.LAPSED, WAITING]


def test_without_a_limit_those_who_wait_have_a_place(cast, alice):
    event = make_workshop(cast.alice, seats=1)
    crowd(event, 3)
    edit(alice, event, seats="")
    assert statuses(event) == [CONFIRMED] * 3
    assert subjects("n3@ex.fr") == ["Liste d’attente", "Inscription confirmée"]


def test_those_whom_a_lot_left_out_get_their_offer_from_the_job(cast, monkeypatch):
    event = make_workshop(cast.alice, seats=1)
    crowd(event, 5)
    monkeypatch.setattr(offers, "LOT", 2)
    event.seats = 4
    assert offers.advance(event, most=2) == 2
    db.session.commit()
    pass_places_on()
    assert statuses(event) == [CONFIRMED, OFFERED, OFFERED, OFFERED, WAITING]


def test_the_deadline_passes_while_the_form_is_open(cast, bruno, client):
    event = make_workshop(cast.alice, register_until=utcnow() + timedelta(hours=1), questions=["diet"])
    db.session.commit()
    page = bruno.get(page_of(event, "/inscription"))
    visitors = client.get(page_of(event, "/inscription"))
    assert "Inscription jusqu’au" in page.text
    with time_machine.travel(utcnow() + timedelta(hours=2), tick=False):
        answer = send(bruno, page, "M’inscrire", diet="Sans sel")
        assert answer.status_code == 422 and "Les inscriptions sont closes depuis le" in answer.text
        assert "Sans sel" in answer.text
        answer = send(client, visitors, "M’inscrire", name="Zoé", email="zoe@ex.fr")
        assert answer.status_code == 422 and "Les inscriptions sont closes depuis le" in answer.text
        assert "closes depuis le" in bruno.get(page_of(event)).text
        assert list_of(event) == []


def test_a_link_that_is_pressed_after_the_deadline_says_why_it_does_nothing(cast, client):
    event = make_workshop(cast.alice, register_until=utcnow() + timedelta(hours=1))
    asked = registrations.ask(event, name="Zoé", email="zoe@ex.fr")
    db.session.commit()
    page = client.get(own_page(asked))
    with time_machine.travel(utcnow() + timedelta(hours=2), tick=False):
        answer = send(client, page, "Confirmer mon inscription")
        assert answer.status_code == 422 and "closes depuis le" in answer.text
        assert "closes depuis le" in client.get(own_page(asked)).text
    assert statuses(event) == [STATUS.UNCONFIRMED]


@pytest.mark.parametrize("how", ["deleted", "cancelled"])
def test_a_registration_at_the_moment_the_event_is_deleted_or_cancelled(cast, client_as, client, how):
    """Whoever has the form open is told; nobody gets a place."""
    event = make_workshop(cast.alice, seats=1, questions=["diet"])
    first, second = crowd(event, 2)
    chloe = client_as(cast.chloe)
    page, visitors = chloe.get(page_of(event, "/inscription")), client.get(page_of(event, "/inscription"))
    if how == "deleted":
        bin.discard(event, cast.alice)
    else:
        event.cancelled_at = utcnow()
    db.session.commit()
    answer = send(chloe, page, "M’inscrire")
    assert answer.status_code == (404 if how == "deleted" else 422)
    answer = send(client, visitors, "M’inscrire", name="Zoé", email="zoe@ex.fr")
    assert answer.status_code == (404 if how == "deleted" else 422)
    quit_(first)
    pass_places_on()
    assert statuses(event) == [STATUS.CANCELLED, WAITING]


def test_an_offer_of_an_event_that_is_deleted_waits_until_it_is_back(cast, client):
    event = make_workshop(cast.alice, seats=1)
    first, second = crowd(event, 2)
    quit_(first)
    page = client.get(own_page(second))
    bin.discard(event, cast.alice)
    db.session.commit()
    send(client, page, "Je prends la place")
    assert statuses(event)[1] == OFFERED
    with time_machine.travel(utcnow() + timedelta(hours=25), tick=False):
        pass_places_on()
        assert statuses(event)[1] == WAITING
        bin.recover(event)
        db.session.commit()
        pass_places_on()
        assert statuses(event)[1] == OFFERED


def test_somebody_suspended_meanwhile_takes_no_place_and_keeps_their_rank(cast, client):
    event = make_workshop(cast.alice, seats=1)
    (first,) = crowd(event, 1)
    sami = make_user("Sami Petit", cast.council)
    theirs = registrations.register(event, name="Sami Petit", user=sami)
    (third,) = crowd(event, 1, first=3)
    quit_(first)
    page = client.get(own_page(theirs))
    sami.status = UserStatus.SUSPENDED
    db.session.commit()
    assert (
        "C’est trop tard" in client.get(send(client, page, "Je prends la place").location, follow_redirects=True).text
    )
    with time_machine.travel(utcnow() + timedelta(hours=25), tick=False):
        pass_places_on()
        assert statuses(event)[2] == OFFERED
        quit_(third)
        assert statuses(event) == [STATUS.CANCELLED, STATUS.LAPSED, STATUS.CANCELLED]


def test_whoever_may_not_read_it_any_more_is_passed_over(cast):
    event = make_workshop(cast.alice, seats=1)
    first, second = crowd(event, 2)
    registrations.register(event, name="Bruno Petit", user=cast.bruno)
    event.level = Visibility.COUNCIL
    db.session.commit()
    quit_(first)
    assert statuses(event) == [STATUS.CANCELLED, WAITING, OFFERED]


def test_the_queue_goes_on_behind_any_number_of_people_who_may_not_come(cast, monkeypatch):
    event = make_workshop(cast.alice, seats=1)
    first, *_ = crowd(event, 6)
    registrations.register(event, name="Bruno Petit", user=cast.bruno)
    registrations.register(event, name="Par la mairie", entered_by=cast.alice, email="mairie@ex.fr")
    monkeypatch.setattr(offers, "LOT", 2)
    event.level = Visibility.MEMBERS
    db.session.commit()
    quit_(first)
    assert statuses(event)[1:] == [WAITING] * 5 + [OFFERED, WAITING]
    event.seats = 2
    db.session.commit()
    pass_places_on()
    assert list_of(event)[-2:] == [("Bruno Petit", OFFERED), ("Par la mairie", OFFERED)]


def test_an_event_where_nobody_who_waits_may_come_is_not_looked_at_each_minute(cast):
    event, later = make_workshop(cast.alice, seats=1), make_workshop(cast.alice, seats=1)
    later.starts_at += timedelta(days=1)
    for one in (later, event):
        first, _ = crowd(one, 2)
        one.seats = 2
    db.session.commit()
    assert offers.due_events(9) == [event.id, later.id] and offers.due_events(1) == [event.id]
    event.level = Visibility.MEMBERS
    later.hidden_at = utcnow()
    db.session.commit()
    assert offers.due_events(9) == []


def test_the_database_and_the_site_say_the_same_of_who_may_come(cast):
    group = make_group("Le vélo", cast.council, cast.country.reyssouze)
    people = [cast.alice, cast.bruno, cast.chloe, cast.dora, cast.emile, cast.referent, cast.animator]
    people.append(make_user("Sami Petit", cast.council, status=UserStatus.SUSPENDED))
    for level in Visibility:
        event = make_workshop(cast.alice, level=level, groups=[group] if level == Visibility.GROUPS else [])
        strangers = ({"entered_by_id": cast.alice.id}, {"email": "zoe@ex.fr"})
        known = [{"user": user} for user in people] + list(strangers)
        rows = [Registration(event=event, key=str(n), name="N", status=WAITING, **one) for n, one in enumerate(known)]
        db.session.add_all(rows)
        db.session.flush()
        assert offers._in_turn(event, None) == [row for row in rows if may_come(row)]
        assert 1 < len(offers._in_turn(event, None)) < len(rows)


def test_a_place_for_somebody_whom_nobody_can_reach_is_theirs_and_who_wrote_them_down_is_told(cast):
    event = make_workshop(cast.bruno, seats=1)
    (first,) = crowd(event, 1)
    yvette = registrations.register(event, name="Yvette Marchand", entered_by=cast.alice)
    quit_(first)
    assert list_of(event)[1] == ("Yvette Marchand", CONFIRMED) and yvette.offered_until is None
    assert subjects(cast.alice.email) == ["Une place est pour Yvette Marchand"]
    (mail,) = db.session.scalars(select(Delivery).where(Delivery.recipient == cast.alice.email))
    assert mail.subject.endswith(" : prévenez cette personne") and mail.kind == "registration"
    assert mail.content["link"][1].endswith(page_of(event, "/inscrits"))
    cast.alice.status = UserStatus.SUSPENDED
    marc = registrations.register(event, name="Marc Petit", entered_by=cast.alice)
    quit_(yvette)
    assert marc.status == CONFIRMED and subjects(cast.bruno.email) == ["Une place est pour Marc Petit"]


# A second session -------------------------------------------------------------------------------------------------


def follow(event, **columns):
    """Announce another session for those who wait."""
    second = make_workshop(db.session.merge(event).author, published_at=None, follows_id=event.id, **columns)
    publishing.publish(second)
    db.session.commit()
    return second


def test_a_second_session_is_offered_first_to_those_who_wait_for_the_first(cast, client):
    event = make_workshop(cast.alice, seats=1)
    crowd(event, 4)
    second = follow(event, seats=2)
    assert list_of(second) == [("N2", OFFERED), ("N3", OFFERED), ("N4", WAITING)]
    assert subjects("n2@ex.fr")[-1] == "Une place pour vous"
    assert subjects("n4@ex.fr") == ["Liste d’attente", "Liste d’attente"]
    crowd(second, 1, first=9)
    assert list_of(second)[-1] == ("N9", WAITING)
    theirs = db.session.scalar(select(Registration).filter_by(event_id=second.id, name="N2"))
    send(client, client.get(own_page(theirs)), "Je prends la place")
    assert list_of(second)[0] == ("N2", CONFIRMED)
    assert list_of(event) == [("N1", CONFIRMED), ("N2", STATUS.CANCELLED), ("N3", WAITING), ("N4", WAITING)]
    with time_machine.travel(utcnow() + timedelta(hours=25), tick=False):
        pass_places_on()
        assert list_of(second)[1:] == [("N3", STATUS.LAPSED), ("N4", OFFERED), ("N9", WAITING)]
        assert list_of(event)[2:] == [("N3", WAITING), ("N4", WAITING)]


def test_a_second_session_without_a_limit_asks_before_it_counts_on_somebody(cast):
    event = make_workshop(cast.alice, seats=1)
    crowd(event, 3)
    assert statuses(follow(event)) == [OFFERED] * 2


def test_a_second_session_for_fewer_people_or_without_registration_takes_nobody_along(cast):
    event = make_workshop(cast.alice, seats=1)
    crowd(event, 3)
    registrations.register(event, name="Bruno Petit", user=cast.bruno)
    db.session.commit()
    assert list_of(follow(event, level=Visibility.COUNCIL, seats=5)) == [("Bruno Petit", OFFERED)]
    assert list_of(follow(event, takes_registrations=False)) == []


def test_whoever_is_given_a_place_in_the_second_session_waits_no_more_for_the_first(cast, alice):
    event = make_workshop(cast.alice, seats=1)
    crowd(event, 3)
    second = follow(event, seats=1)
    third = db.session.scalar(select(Registration).filter_by(event_id=second.id, name="N3"))
    submit(alice, page_of(second, f"/inscrits/{third.id}"), "Donner une place")
    assert list_of(second) == [("N2", OFFERED), ("N3", CONFIRMED)]
    assert list_of(event) == [("N1", CONFIRMED), ("N2", WAITING), ("N3", STATUS.CANCELLED)]


def test_a_second_session_that_is_opened_later_has_the_first_list_first(cast):
    event = make_workshop(cast.alice, seats=1)
    crowd(event, 3)
    second = follow(event, takes_registrations=False)
    assert list_of(second) == [] and offers.due_events(9) == []
    second.takes_registrations, second.seats = True, 1
    db.session.commit()
    assert offers.due_events(9) == [second.id]
    crowd(second, 1, first=9)  # before the job
    assert list_of(second) == [("N2", OFFERED), ("N3", WAITING), ("N9", WAITING)]
    assert offers.due_events(9) == []
    pass_places_on()
    assert len(list_of(second)) == 3


def test_the_job_brings_the_first_list_to_a_second_session_that_is_opened_later(cast):
    event = make_workshop(cast.alice, seats=1)
    crowd(event, 2)
    registrations.register(event, name="Yvette", entered_by=cast.alice)
    second = follow(event, takes_registrations=False)
    second.takes_registrations = True
    db.session.commit()
    pass_places_on()
    assert list_of(second) == [("N2", OFFERED), ("Yvette", CONFIRMED)]
    assert list_of(event)[1:] == [("N2", WAITING), ("Yvette", STATUS.CANCELLED)]


# What the job costs -----------------------------------------------------------------------------------------------


def test_what_has_passed_is_looked_for_by_its_instant(cast, queries):
    now, connection = utcnow(), db.session.connection()
    queries.clear()
    seats.has_passed(now - timedelta(days=1), now)
    asked = [sent for sent in queries if sent.startswith("SELECT")]
    for column, sent in zip(("starts_at", "ends_at", "register_until"), asked, strict=True):
        if connection.dialect.name == "sqlite":
            values = ("",) * sent.count("?")
            plan = str(connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sent, values).all())
            assert f"ix_events_{column}" in plan, plan


def test_the_pages_of_visitors_are_made_anew_after_a_gap_of_the_job(cast):
    event = make_workshop(cast.alice)
    db.session.merge(Job(name="places", next_run=utcnow(), last_run=utcnow()))
    db.session.commit()
    stamp = read_stamp(PAGES)
    pass_places_on()
    assert read_stamp(PAGES) == stamp
    with time_machine.travel(event.starts_at + timedelta(hours=1), tick=False):
        pass_places_on()
    assert read_stamp(PAGES) != stamp
    assert NAME in JOBS


def test_a_second_session_that_is_published_at_its_date_does_the_same(cast):
    event = make_workshop(cast.alice, seats=1)
    crowd(event, 2)
    second = make_workshop(cast.alice, published_at=None, follows_id=event.id, publish_on=utcnow(), seats=1)
    db.session.commit()
    publish()
    assert statuses(second) == [OFFERED]
    assert isinstance(second, Event)
