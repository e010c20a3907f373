"""Reminders: on the morning of the day, on the clocks of the place, to those who come and to those who chose so."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.jobs.dispatching import dispatch
from app.jobs.reminders import remind
from app.jobs.sending import send_mails, send_texts
from app.labels import AlertTopic, Channel, DeliveryState, RegistrationStatus, Rhythm, UserStatus, Visibility
from app.localtime import at, reminder_of
from app.models import Delivery, Event, Group, Registration
from app.models.types import utcnow
from app.notifications import reminders
from app.services import alerts, cancelling, publishing
from tests.factories import make_publication, make_user

PARIS = "Europe/Paris"
DAY = date(2026, 12, 3)


def on(clock, day=DAY, zone=PARIS):
    """Return the instant when clocks of a zone show « 18:00 » on a day."""
    return at(zone, day, time.fromisoformat(clock))


def travel(instant):
    return time_machine.travel(instant, tick=False)


@pytest.fixture(autouse=True)
def the_day_before():
    with travel(on("12:00", DAY - timedelta(days=2))):
        yield


def make_event(author, clock="18:00", day=DAY, zone=PARIS, **columns):
    starts_at = on(clock, day, zone)
    times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2), "time_zone": zone}
    event = make_publication(Event, author, **times | columns)
    db.session.commit()
    return event


def register(event, name="Zoé Martin", *, user=None, status=RegistrationStatus.CONFIRMED, **columns):
    email = f"{name.split()[0].lower()}@ailleurs.example"
    columns = {"email": "" if user else email, "key": f"{user.id if user else name}"} | columns
    row = Registration(event_id=event.id, name=name, user_id=user.id if user else None, status=status, **columns)
    db.session.add(row)
    db.session.commit()
    return row


def deliveries():
    db.session.expire_all()
    return db.session.scalars(select(Delivery).order_by(Delivery.id)).all()


def reminded_at(instant):
    """Run the job at an instant; return who is reminded, by which way."""
    with travel(instant):
        remind()
    return {(one.recipient, one.channel) for one in deliveries()}


def mails(*people):
    return {(getattr(person, "email", person), Channel.MAIL) for person in people}


# When -------------------------------------------------------------------------------------------------------------


def test_members_are_reminded_at_eight_on_the_day_and_not_a_minute_before(cast):
    make_event(cast.alice)
    assert reminded_at(on("07:59")) == set()
    assert reminded_at(on("08:00")) == mails(cast.alice, cast.bruno)  # an organiser may forget, too
    assert reminded_at(on("08:01")) == mails(cast.alice, cast.bruno)
    assert [one.kind for one in deliveries()] == ["reminder"] * 2
    assert "Rappel, jeudi 3 décembre à 18 h : Un square" in deliveries()[0].subject


@pytest.mark.parametrize("clock", ["07:00", "08:59"])
def test_what_begins_before_nine_is_recalled_the_evening_before(cast, clock):
    make_event(cast.alice, clock)
    assert reminded_at(on("17:59", DAY - timedelta(days=1))) == set()
    assert len(reminded_at(on("18:00", DAY - timedelta(days=1)))) == 2


ZONES = [
    ("America/Guadeloupe", 12), ("America/Cayenne", 11), ("Indian/Reunion", 4), ("Indian/Mayotte", 5),
    ("Pacific/Tahiti", 18), ("America/Miquelon", 11),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "hour"), ZONES)
def test_overseas_it_is_eight_on_their_clocks(cast, zone, hour):
    make_event(cast.alice, zone=zone)
    eight = datetime(2026, 12, 3, hour, tzinfo=UTC)
    assert eight.astimezone(ZoneInfo(zone)).time() == time(8)
    assert reminded_at(eight - timedelta(minutes=1)) == set()
    assert len(reminded_at(eight)) == 2


CHANGES = [  # zone, day, its hours, eight o'clock in UTC
    (PARIS, date(2027, 3, 28), 23, 6), (PARIS, date(2027, 10, 31), 25, 7),
    ("America/Miquelon", date(2027, 3, 14), 23, 10), ("America/Miquelon", date(2027, 11, 7), 25, 11),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "day", "hours", "eight"), CHANGES)
def test_on_the_days_when_clocks_change_it_is_eight_on_the_wall(cast, zone, day, hours, eight):
    assert at(zone, day + timedelta(days=1), time()) - at(zone, day, time()) == timedelta(hours=hours)
    make_event(cast.alice, day=day, zone=zone)
    instant = datetime(day.year, day.month, day.day, eight, tzinfo=UTC)
    assert reminded_at(instant - timedelta(minutes=1)) == set()
    assert len(reminded_at(instant)) == 2


@pytest.mark.parametrize(("zone", "day", "hours", "eight"), CHANGES)
def test_the_evening_before_a_day_when_clocks_change_is_at_eighteen(cast, zone, day, hours, eight):
    event = make_event(cast.alice, "08:30", day=day, zone=zone)
    assert event.remind_at.astimezone(ZoneInfo(zone)).isoformat()[:16] == f"{day - timedelta(days=1)}T18:00"


def test_a_server_that_was_down_all_morning_reminds_of_what_is_still_to_come(cast):
    evening = make_event(cast.alice, "18:00", title="Le soir")
    morning = make_event(cast.alice, "10:00", title="Le matin")
    assert len(reminded_at(on("11:00"))) == 2
    assert {one.publication_id for one in deliveries()} == {evening.id}
    assert (evening.remind_at, morning.remind_at) == (None, None)
    assert not reminders.is_any_due()


# Whom -------------------------------------------------------------------------------------------------------------


def test_whoever_registered_is_reminded_by_mail_or_else_by_sms_and_nobody_twice(cast):
    event = make_event(cast.alice, takes_registrations=True, seats=4)
    register(event, user=cast.bruno, name="Bruno Petit")
    register(event)
    register(event, "Ali Faure", email="", phone="+33612345678")
    register(event, "Léo Fort", status=RegistrationStatus.WAITING)
    found = reminded_at(on("08:00"))
    assert found == mails(cast.alice, cast.bruno, "zoé@ailleurs.example") | {("+33612345678", Channel.SMS)}
    assert len(deliveries()) == 4


def test_a_member_who_wants_no_reminder_gets_none_registered_or_not(cast):
    event = make_event(cast.alice, takes_registrations=True)
    for person in (cast.alice, cast.bruno):
        alerts.set_choices(person, {AlertTopic.REMINDER: (Rhythm.NEVER, False)})
    register(event, user=cast.bruno, name="Bruno Petit")
    assert reminded_at(on("08:00")) == set()


def test_by_mail_and_by_sms_as_one_chose(cast):
    event = make_event(cast.alice, takes_registrations=True)
    cast.bruno.phone, cast.bruno.phone_confirmed_at = "+33612345678", utcnow()
    alerts.set_choices(cast.bruno, {AlertTopic.REMINDER: (Rhythm.NOW, True)})
    alerts.set_choices(cast.alice, {AlertTopic.REMINDER: (Rhythm.NEVER, False)})
    register(event, user=cast.bruno, name="Bruno Petit")
    assert reminded_at(on("08:00")) == mails(cast.bruno) | {("+33612345678", Channel.SMS)}


def test_whoever_got_their_place_since_the_hour_of_reminders_needs_none(cast):
    event = make_event(cast.alice, takes_registrations=True)
    alerts.set_choices(cast.alice, {AlertTopic.REMINDER: (Rhythm.NEVER, False)})
    register(event, placed_at=on("08:30"))
    register(event, user=cast.bruno, name="Bruno Petit", placed_at=on("08:30"))
    register(event, "Ali Faure", placed_at=on("07:30"))
    assert reminded_at(on("09:00")) == mails("ali@ailleurs.example")


def test_words_say_whether_one_has_a_place_or_one_is_kept_or_one_may_still_be_taken(cast):
    event = make_event(cast.alice, takes_registrations=True, seats=9)
    new = make_user("Fatou Neuve", cast.council)
    register(event, user=cast.bruno, name="Bruno Petit")
    until = on("10:30")
    register(event, user=new, name=new.name, status=RegistrationStatus.OFFERED, offered_until=until)
    reminded_at(on("08:00"))
    said = {one.person_id: " ".join(one.content["paragraphs"]).replace("\xa0", " ") for one in deliveries()}
    assert "Votre place est réservée." in said[cast.bruno.id]
    assert (
        "Une place est gardée pour vous." in said[new.id] and "avant : jeudi 3 décembre 2026, à 10 h 30" in said[new.id]
    )
    assert "Pour venir, il faut une inscription." in said[cast.alice.id]
    assert len(said) == 3 and not any("inscrit à" in str(one.content) for one in deliveries())


def test_whoever_cancelled_is_left_alone_and_of_a_full_event_only_those_who_come_hear(cast):
    event = make_event(cast.alice, takes_registrations=True, seats=2)
    register(event, user=cast.bruno, name="Bruno Petit", status=RegistrationStatus.CANCELLED)
    assert reminded_at(on("08:00")) == mails(cast.alice)
    full = make_event(cast.alice, takes_registrations=True, seats=1, title="Complet")
    register(full)
    reminded_at(on("08:00"))
    assert [one.recipient for one in deliveries() if one.publication_id == full.id] == ["zoé@ailleurs.example"]


@pytest.mark.parametrize("state", ["paused", "suspended", "moved"])
def test_members_who_are_away_are_not_reminded(cast, state):
    make_event(cast.alice)
    if state == "paused":
        cast.bruno.alerts_paused_at = utcnow()
    elif state == "moved":
        cast.bruno.council_id = cast.country.mistral.id
    else:
        cast.bruno.status = UserStatus.SUSPENDED
    db.session.commit()
    assert reminded_at(on("08:00")) == mails(cast.alice)


@pytest.mark.parametrize("mark", ["deleted_at", "hidden_at", "withdrawn_at", "cancelled_at"])
def test_of_what_does_not_take_place_nobody_is_reminded(cast, mark):
    event = make_event(cast.alice)
    setattr(event, mark, utcnow())
    db.session.commit()
    assert reminded_at(on("08:00")) == set()
    assert reminded_at(on("18:00")) == set() and event.remind_at is None


def test_a_draft_that_comes_out_on_its_day_is_still_recalled_but_not_to_those_who_were_just_told(cast):
    alerts.set_choices(cast.alice, {AlertTopic.REMINDER: (Rhythm.NEVER, False)})
    event = make_event(cast.alice, published_at=None)
    assert reminded_at(on("08:00")) == set()
    with travel(on("11:00")):
        publishing.publish(event)
        db.session.commit()
        remind()  # both run at once
        dispatch()
        remind()
    assert [(one.recipient, one.kind) for one in deliveries()] == [(cast.bruno.email, "alert")]


def test_a_mail_about_what_is_not_public_does_not_tell_where_but_to_those_who_come(cast):
    event = make_event(cast.alice, place="Chez Alice", takes_registrations=True)
    register(event)
    reminded_at(on("08:00"))
    told = {one.recipient: str(one.content) for one in deliveries()}
    assert "Chez Alice" in told["zoé@ailleurs.example"] and "Chez Alice" not in told[cast.bruno.email]
    assert (
        "Pour venir, il faut une inscription." in told[cast.bruno.email]
        and "/inscriptions/" in told["zoé@ailleurs.example"]
    )


# What happens meanwhile -------------------------------------------------------------------------------------------


def edit(event_id, **fields):
    """Change an event that is published, as its author does."""
    event = db.session.get(Event, event_id)
    before = publishing.content_of(event)
    publishing.write(event, fields)
    publishing.revise(event, before, event.author)
    db.session.commit()


def test_an_event_moved_to_another_day_after_its_reminder_left_is_recalled_again(cast):
    event_id = make_event(cast.alice).id
    assert len(reminded_at(on("08:00"))) == 2
    with travel(on("09:00")):
        send_mails()
        edit(event_id, starts_at=on("18:00", DAY + timedelta(days=1)), ends_at=None)
    reminded_at(on("10:00"))
    assert len([one for one in deliveries() if one.kind == "reminder"]) == 2
    reminded_at(on("08:00", DAY + timedelta(days=1)))
    assert len([one for one in deliveries() if one.kind == "reminder"]) == 4


def test_an_event_moved_on_the_same_day_is_not_recalled_twice_but_those_who_wait_get_the_new_hour(cast):
    event_id = make_event(cast.alice).id
    reminded_at(on("08:00"))
    first = deliveries()[0]
    first.state, first.sent_at = DeliveryState.SENT, utcnow()  # the other one still waits
    db.session.commit()
    alerts.set_choices(cast.bruno, {AlertTopic.EVENT: (Rhythm.DAILY, False)})
    settle(on("08:05"), event_id, starts_at=on("20:00"), ends_at=None)
    found = [one for one in deliveries() if one.kind == "reminder"]
    assert len(found) == 2
    assert ["à 18 h" in one.subject for one in found] == [True, False]


def test_a_reminder_that_waits_says_the_new_place(cast):
    event_id = make_event(cast.alice, level=Visibility.PUBLIC, place="Salle 1").id
    reminded_at(on("08:00"))
    for person in (cast.alice, cast.bruno):
        alerts.set_choices(person, {AlertTopic.EVENT: (Rhythm.DAILY, False)})
    settle(on("08:05"), event_id, place="Salle 2")
    assert len(deliveries()) == 2 and all("Salle 2" in str(one.content) for one in deliveries())


def test_a_change_on_the_day_is_told_by_one_message(cast):
    event_id = make_event(cast.alice).id
    settle(on("07:55"), event_id, starts_at=on("20:00"), ends_at=None)
    assert [(one.recipient, one.kind) for one in deliveries()] == [
        (cast.bruno.email, "alert"), (cast.alice.email, "reminder")
    ]  # fmt: skip


def test_an_alert_that_cannot_be_prepared_does_not_hold_the_reminder_for_long(cast):
    event_id = make_event(cast.alice).id
    with travel(on("07:55")):
        edit(event_id, place="Salle 2")
    assert reminded_at(on("08:14")) == set()
    assert reminded_at(on("08:16")) == mails(cast.alice, cast.bruno)


def settle(instant, event_id, **fields):
    """Change an event at an instant; run the jobs then, and when those are told who are told at once."""
    with travel(instant):
        edit(event_id, **fields)
        remind()
    with travel(instant + publishing.TOLD_AFTER):
        remind()
        dispatch()
        remind()


def sent_after(change):
    """Prepare reminders at eight, change something, then send; return the states and the errors."""
    reminded_at(on("08:00"))
    change()
    db.session.commit()
    with travel(on("08:10")):
        send_mails()
        send_texts()
    return [(one.state, one.error) for one in deliveries()]


def test_a_level_that_is_narrowed_before_the_reminder_leaves_holds_it_back(cast):
    event = make_event(cast.alice, level=Visibility.GROUPS, groups=[])
    group = Group(name="Un groupe", slug="un-groupe", councils=[cast.council, cast.country.reyssouze])
    event.groups = [group]
    db.session.commit()
    found = sent_after(lambda: setattr(event, "level", Visibility.COUNCIL))
    by_person = {one.person_id: (one.state, one.error) for one in deliveries()}
    assert len(found) == 3
    assert by_person[cast.chloe.id] == ("failed", "Non envoyé : cette personne ne peut plus le lire.")
    assert by_person[cast.bruno.id] == ("sent", "")


@pytest.mark.parametrize("mark", ["deleted_at", "hidden_at", "cancelled_at"])
def test_what_is_taken_away_before_the_reminder_leaves_is_not_recalled(cast, mark):
    event = make_event(cast.alice, takes_registrations=True)
    register(event)
    found = sent_after(lambda: setattr(event, mark, utcnow()))
    assert {state for state, _ in found} == {"failed"} and len(found) == 3


def test_whoever_cancels_before_the_reminder_leaves_gets_none(cast):
    event = make_event(cast.alice, takes_registrations=True)
    rows = [register(event), register(event, user=cast.bruno, name="Bruno Petit")]

    def leave():
        for row in rows:
            row.status = RegistrationStatus.CANCELLED

    found = sent_after(leave)
    assert sorted(state for state, _ in found) == ["failed", "failed", "sent"]


def test_a_reminder_that_is_late_is_not_sent_once_the_event_has_begun(cast):
    make_event(cast.alice)
    reminded_at(on("08:00"))
    with travel(on("18:00")):
        send_mails()
    assert {one.error for one in deliveries()} == {"Non envoyé : trop tard pour être utile."}


def test_a_cancelled_event_takes_its_reminders_back(cast):
    event = make_event(cast.alice)
    reminded_at(on("08:00"))
    cancelling.cancel(event, "La salle est fermée.", cast.alice)
    db.session.commit()
    assert deliveries() == []


# How much ---------------------------------------------------------------------------------------------------------


def test_many_people_are_reminded_with_few_questions_and_in_small_lots(cast, queries):
    event = make_event(cast.alice, takes_registrations=True)
    for number in range(450):
        key = f"m{number}@x.fr"
        db.session.add(
            Registration(event_id=event.id, name=f"M {number}", key=key, email=key, status=RegistrationStatus.CONFIRMED)
        )
    db.session.commit()
    queries.clear()
    assert len(reminded_at(on("08:00"))) == 452
    assert len(queries) < 25, queries
    assert sum(statement.startswith("INSERT INTO deliveries") for statement in queries) == 3


def test_run_twice_after_a_crash_the_rest_is_written_and_nothing_twice(cast, monkeypatch):
    make_event(cast.alice, title="Un")
    make_event(cast.alice, title="Deux")
    done = reminders.done

    def crash(*arguments):
        raise RuntimeError

    monkeypatch.setattr(reminders, "done", crash)
    with pytest.raises(RuntimeError):
        reminded_at(on("08:00"))
    db.session.rollback()
    monkeypatch.setattr(reminders, "done", done)
    reminded_at(on("08:00"))
    reminded_at(on("08:00"))
    assert len(deliveries()) == 4


def test_the_rule_of_the_morning_and_that_of_the_model_are_one(cast):
    for clock in ("00:00", "08:59", "09:00", "23:30"):
        event = make_event(cast.alice, clock)
        assert event.remind_at == reminder_of(PARIS, event.starts_at)
