"""What waits in the outbox says what is so when it leaves, to whoever still wants it."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.jobs.bin import empty_bins
from app.jobs.digests import digest as prepare_digests
from app.jobs.dispatching import dispatch
from app.jobs.reminders import remind
from app.jobs.sending import send_mails
from app.labels import AlertTopic, Rhythm, UserStatus, Visibility
from app.models import Delivery, Document, Event
from app.models.types import utcnow
from app.services import alerts, bin, cancelling, closing, publishing
from tests.factories import make_publication
from tests.test_reminders import DAY, on, register

START = on("12:00", DAY - timedelta(days=3))


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(START, tick=False):
        yield


def draft(author, **columns):
    times = {"starts_at": on("18:00"), "ends_at": on("20:00"), "published_at": None, "title": "La fête"}
    return make_publication(Event, author, **times | {"level": Visibility.PUBLIC} | columns)


@pytest.fixture
def waiting(cast):
    """An event of which Bruno is to be told: the alert waits."""
    event = draft(cast.alice)
    publishing.publish(event)
    db.session.commit()
    dispatch()
    return event


def change(event, **columns):
    before = publishing.content_of(event)
    for name, value in columns.items():
        setattr(event, name, value)
    publishing.revise(event, before, event.author)
    db.session.commit()


def sent():
    send_mails()
    db.session.expire_all()
    return db.session.scalars(select(Delivery).order_by(Delivery.id)).all()


def text(delivery):
    lines = [line for section in delivery.content.get("sections", ()) for line in section["lines"]]
    return f"{delivery.subject} {delivery.content['paragraphs']} {lines}".replace("\\xa0", " ").replace("\xa0", " ")


def test_an_announcement_that_waits_tells_the_new_hour_and_title(cast, waiting):
    change(waiting, title="La grande fête", starts_at=on("19:00"), place="Salle 2")
    (mail,) = sent()
    assert mail.state == "sent" and mail.subject == "Nouvel événement : La grande fête"
    assert "de 19 h à 20 h" in text(mail) and "Salle 2" in text(mail) and "18 h" not in text(mail)


def test_an_announcement_that_waits_of_what_is_over_or_cancelled_does_not_leave(cast, waiting):
    change(waiting, starts_at=START - timedelta(hours=2), ends_at=START - timedelta(hours=1))
    assert sent()[0].error == "Non envoyé : l’événement a été annulé, déplacé ou retiré."


def test_a_change_that_is_taken_back_before_it_leaves_is_told_to_nobody(cast, waiting):
    send_mails()
    waiting = db.session.get(Event, db.session.scalar(select(Event.id)))
    change(waiting, place="Salle 2")
    with time_machine.travel(START + timedelta(minutes=15), tick=False):
        dispatch()
        change(db.session.merge(waiting), place="")
        assert [mail.state for mail in sent()] == ["sent", "failed"]


def test_that_what_is_in_the_bin_does_not_take_place_is_told_all_the_same(cast, waiting):
    cancelling.cancel(waiting, "", cast.alice)
    bin.discard(waiting, cast.alice)
    db.session.commit()
    dispatch()
    (mail,) = sent()
    assert (mail.subject, mail.state, mail.content["link"]) == ("Annulé : La fête", "sent", None)


@pytest.mark.parametrize("what", ["never", "left", "suspended", "sms"])
def test_who_is_no_longer_concerned_or_wants_no_more_is_not_written_to(cast, waiting, what):
    if what == "never":
        alerts.set_choices(cast.bruno, {AlertTopic.EVENT: (Rhythm.NEVER, False)})
    elif what == "left":
        cast.bruno.council_id = cast.country.mistral.id
    elif what == "suspended":
        cast.bruno.status = UserStatus.SUSPENDED
    else:
        alerts.set_choices(cast.bruno, {AlertTopic.EVENT: (Rhythm.NEVER, True)})
    db.session.commit()
    (mail,) = sent()
    assert mail.state == "failed" and "Non envoyé" in mail.error


def test_who_now_wants_digests_still_gets_what_was_on_its_way(cast, waiting):
    alerts.set_choices(cast.bruno, {AlertTopic.EVENT: (Rhythm.WEEKLY, False)})
    db.session.commit()
    assert [mail.state for mail in sent()] == ["sent"]


@pytest.mark.parametrize("has_place", [True, False])
@pytest.mark.parametrize("what", ["never", "left", "suspended", ""])
def test_a_reminder_is_for_whoever_still_wants_it(cast, has_place, what):
    event = draft(cast.alice, published_at=utcnow())
    if has_place:
        register(event, "Bruno Petit", user=cast.bruno)
    db.session.commit()
    with time_machine.travel(on("08:30"), tick=False):
        remind()
        (mail,) = [one for one in db.session.scalars(select(Delivery)) if one.person_id == cast.bruno.id]
        if what == "never":
            alerts.set_choices(cast.bruno, {AlertTopic.REMINDER: (Rhythm.NEVER, False)})
        elif what == "left":
            cast.bruno.council_id = cast.country.mistral.id
        elif what == "suspended":
            cast.bruno.status = UserStatus.SUSPENDED
        number = mail.id
        db.session.commit()
        sent()
    state = db.session.get(Delivery, number).state
    assert state == ("sent" if what == "" or (has_place and what == "left") else "failed")


# Digests ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def summary(cast):
    """Two things that wait in Bruno's digest: an event and a document."""
    alerts.set_choices(cast.bruno, {topic: (Rhythm.DAILY, False) for topic in (AlertTopic.EVENT, AlertTopic.DOCUMENT)})
    cast.bruno.digest_at, cast.bruno.daily_until = START, START - timedelta(days=1)
    cast.bruno.weekly_until = START - timedelta(days=1)
    published = {"published_at": START - timedelta(hours=2)}
    event = draft(cast.alice, **published)
    make_publication(Document, cast.alice, title="Le compte", **published)
    db.session.commit()
    prepare_digests()
    assert len(db.session.scalars(select(Delivery).where(Delivery.kind == "digest")).all()) == 1
    return event


def digest():
    return next(one for one in sent() if one.kind == "digest")


def test_a_line_of_a_digest_says_the_new_hour_or_that_it_is_cancelled(cast, summary):
    change(summary, title="La grande fête", starts_at=on("19:00"))
    cancelling.cancel(summary, "", cast.alice)
    db.session.commit()
    mail = digest()
    assert mail.state == "sent" and "Le compte" in text(mail)
    assert "La grande fête" in text(mail) and "'state': 'Annulé'" in text(mail) and "de 19 h à 20 h" in text(mail)


@pytest.mark.parametrize("what", ["over", "never", "left"])
def test_a_digest_loses_what_is_over_or_unwanted(cast, summary, what):
    if what == "over":
        change(summary, starts_at=START - timedelta(hours=2), ends_at=START - timedelta(hours=1))
    elif what == "never":
        alerts.set_choices(cast.bruno, {AlertTopic.EVENT: (Rhythm.NEVER, False)})
    else:
        cast.bruno.council_id = cast.country.mistral.id
    db.session.commit()
    mail = digest()
    assert (mail.state == "failed") if what == "left" else ("La fête" not in text(mail) and "Le compte" in text(mail))


# Those who leave --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [True, False])
def test_who_expected_what_leaves_with_an_account_is_told_that_it_does_not_take_place(cast, at_once):
    event, past = draft(cast.alice, published_at=utcnow()), draft(cast.alice, published_at=utcnow())
    past.starts_at, past.ends_at = START - timedelta(days=2), START - timedelta(days=1)
    register(event)
    register(past, "Ali Faure")
    closing.close(cast.alice, at_once=at_once, signs=False)
    db.session.commit()
    dispatch()
    told = {one.recipient: one.state for one in sent() if one.subject.startswith("Annulé")}
    assert told == {"zoé@ailleurs.example": "sent", cast.bruno.email: "sent"}
    with time_machine.travel(START + timedelta(days=2), tick=False):
        empty_bins()
        assert (db.session.scalars(select(Event)).all() == []) is at_once


def test_what_a_referent_announced_and_takes_along_is_cancelled_too(cast):
    event = draft(cast.referent, council=cast.council, published_at=utcnow(), territory_id=cast.country.ain.id)
    event.council_id, event.organiser = None, "Le centre"
    register(event)
    closing.close(cast.referent, at_once=True, signs=False)
    db.session.commit()
    dispatch()
    told = {one.recipient for one in sent() if one.subject.startswith("Annulé") and one.state == "sent"}
    assert told == {"zoé@ailleurs.example", cast.alice.email, cast.bruno.email, cast.chloe.email}


def test_what_stays_after_its_author_takes_place(cast):
    event = draft(cast.alice, published_at=utcnow())
    closing.close(cast.alice, at_once=True, signs=True)
    db.session.commit()
    assert db.session.get(Event, event.id).cancelled_at is None
