"""Who is told at once of what a council publishes, and what they are told."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.jobs.dispatching import dispatch
from app.labels import AlertTopic, Channel, Rhythm, UserStatus, Visibility
from app.models import Activity, Address, Delivery, Document, Event
from app.models.types import utcnow
from app.notifications import outbox
from app.services import alerts, publishing, reaching
from tests.browse import submit
from tests.factories import make_group, make_publication, make_user

NOW = {topic: (Rhythm.NOW, False) for topic in (AlertTopic.DOCUMENT, AlertTopic.ACTION, AlertTopic.EVENT)}


def announce(item):
    """Publish a draft, and let the job tell it; return the deliveries."""
    publishing.publish(item)
    db.session.commit()
    dispatch()
    return db.session.scalars(select(Delivery).order_by(Delivery.id)).all()


def draft(author, model=Document, **columns):
    return make_publication(model, author, published_at=None, **columns)


def told_of(deliveries):
    return {(one.recipient, one.channel) for one in deliveries}


def mails(*people):
    return {(person.email, Channel.MAIL) for person in people}


def promised(author, kind="document"):
    """Return how many people the form says will be told at once."""
    return reaching.reach(kind, author, [])[Visibility.COUNCIL].at_once


def test_the_other_members_who_chose_so_are_told_once(cast):
    alerts.set_choices(cast.bruno, NOW)
    alerts.set_choices(cast.alice, NOW)
    alerts.set_choices(cast.chloe, NOW)
    number = promised(cast.alice)
    deliveries = announce(draft(cast.alice))
    assert told_of(deliveries) == mails(cast.bruno)
    assert number == len(deliveries) == 1
    dispatch()
    assert len(db.session.scalars(select(Delivery)).all()) == 1
    assert (deliveries[0].kind, deliveries[0].council_id) == ("alert", cast.council.id)


@pytest.mark.parametrize("rhythm", [Rhythm.DAILY, Rhythm.WEEKLY, Rhythm.NEVER])
def test_other_rhythms_are_not_for_now(cast, rhythm):
    alerts.set_choices(cast.bruno, {AlertTopic.DOCUMENT: (rhythm, False)})
    assert promised(cast.alice) == 0
    assert announce(draft(cast.alice)) == []


def test_who_chose_nothing_is_told_at_once_of_an_event_and_not_of_a_document(cast):
    assert (promised(cast.alice), promised(cast.alice, "event")) == (0, 1)
    assert announce(draft(cast.alice)) == []
    assert told_of(announce(draft(cast.alice, Event))) == mails(cast.bruno)


def test_one_topic_is_not_another(cast):
    alerts.set_choices(cast.bruno, {AlertTopic.DOCUMENT: (Rhythm.NOW, False), AlertTopic.EVENT: (Rhythm.NEVER, False)})
    assert (promised(cast.alice), promised(cast.alice, "event")) == (1, 0)
    assert announce(draft(cast.alice, Event)) == []


@pytest.mark.parametrize("state", ["paused", "suspended", "pending", "moved", "off", "stopped", "stopped all"])
def test_nobody_else_is_told_nor_counted(cast, state):
    alerts.set_choices(cast.bruno, NOW)
    if state == "paused":
        cast.bruno.alerts_paused_at = utcnow()
    elif state == "moved":
        cast.bruno.council_id = cast.country.mistral.id
    elif state == "off":
        db.session.add(Address(channel=Channel.MAIL, address=cast.bruno.email, refusals=3, off_since=utcnow()))
    elif state.startswith("stopped"):
        outbox.stop(Channel.MAIL, cast.bruno.email, "alert" if state == "stopped" else outbox.ALL)
    else:
        cast.bruno.status = UserStatus(state)
    db.session.commit()
    assert promised(cast.alice) == 0
    assert announce(draft(cast.alice)) == []


def test_an_sms_goes_to_a_confirmed_number_whose_owner_asked(cast):
    for person, phone, confirmed in ((cast.bruno, "+33612345678", utcnow()), (cast.dora, "+33612345679", None)):
        person.status, person.phone, person.phone_confirmed_at = UserStatus.ACTIVE, phone, confirmed
        alerts.set_choices(person, {AlertTopic.DOCUMENT: (Rhythm.NEVER, True)})
    number = promised(cast.alice)
    deliveries = announce(draft(cast.alice, title="Un square"))
    assert told_of(deliveries) == {("+33612345678", Channel.SMS)}
    assert number == 1
    assert deliveries[0].content["short"] == "Nouveau document : Un square"


def test_by_mail_and_by_sms_is_one_person(cast):
    cast.bruno.phone, cast.bruno.phone_confirmed_at = "+33612345678", utcnow()
    alerts.set_choices(cast.bruno, {AlertTopic.DOCUMENT: (Rhythm.NOW, True)})
    assert promised(cast.alice) == 1
    assert len(announce(draft(cast.alice))) == 2


@pytest.mark.parametrize("level", Visibility)
def test_a_mail_about_what_is_not_public_carries_title_and_link_only(cast, app, level):
    alerts.set_choices(cast.bruno, NOW)
    hidden = {"summary": "Un secret.", "description": "Un autre secret.", "place": "Au secret"}
    (mail,) = announce(draft(cast.alice, Event, title="Un square", level=level, **hidden))
    text = str(mail.content)
    assert "Un square" in text and "Un autre secret" not in text
    assert ("Un secret." in text) is (level == Visibility.PUBLIC)
    item = db.session.scalar(select(Event))
    assert mail.content["link"][1] == f"{app.config['BASE_URL']}/evenements/{item.id}-{item.slug}"
    assert mail.useful_until == item.ends_at


@pytest.mark.parametrize("mark", ["deleted_at", "hidden_at", "withdrawn_at"])
def test_what_may_no_longer_be_read_is_not_told(cast, mark):
    alerts.set_choices(cast.bruno, NOW)
    item = draft(cast.alice)
    publishing.publish(item)
    setattr(item, mark, utcnow())
    db.session.commit()
    dispatch()
    assert db.session.scalars(select(Delivery)).all() == []
    assert db.session.scalars(select(Activity.id).where(Activity.dispatched_at.is_(None))).all() == []


def test_what_is_gone_holds_nothing_up(cast):
    item = draft(cast.alice)
    publishing.publish(item)
    db.session.delete(item)
    db.session.commit()
    dispatch()
    assert db.session.scalars(select(Activity.id).where(Activity.dispatched_at.is_(None))).all() == []


def test_a_correction_tells_nobody(cast, client_as):
    alerts.set_choices(cast.bruno, NOW)
    item = make_publication(Document, cast.alice)
    db.session.commit()
    submit(client_as(cast.alice), f"/documents/{item.id}-{item.slug}/modifier", "Enregistrer", description="Mieux")
    dispatch()
    assert db.session.scalars(select(Activity.verb)).all() == []
    assert db.session.scalars(select(Delivery)).all() == []


def test_the_number_in_the_form_is_that_of_the_alerts_that_leave(cast, client_as):
    for number, rhythm in enumerate(3 * [*Rhythm]):
        person = make_user(f"Membre{number} Essai", cast.council)
        alerts.set_choices(person, {AlertTopic.DOCUMENT: (rhythm, False)})
    db.session.commit()
    page = client_as(cast.alice).get("/mon-conseil/documents/nouveau").text
    said = "14 personnes pourront le lire.<br>Qui sera prévenu : 3 personnes tout de suite par courriel ; 7 personnes"
    assert said in " ".join(page.split())
    assert len(announce(draft(cast.alice))) == 3


def test_many_members_are_told_with_few_questions(cast, queries):
    for number in range(40):
        alerts.set_choices(make_user(f"Membre{number} Essai", cast.council), NOW)
    publishing.publish(draft(cast.alice))
    db.session.commit()
    queries.clear()
    dispatch()
    assert len(db.session.scalars(select(Delivery)).all()) == 40
    assert len(queries) < 20, queries


def test_the_members_of_the_chosen_groups_are_told_of_what_is_for_the_group_alone(cast):
    group = make_group("Bourg", cast.council, cast.country.reyssouze)
    for level, people in ((Visibility.GROUPS, (cast.bruno, cast.chloe)), (Visibility.MEMBERS, (cast.bruno,))):
        reach = reaching.reach("event", cast.alice, [group.id])[level]
        assert reach.at_once == len(people)
        item = draft(cast.alice, Event, level=level, groups=[group], title=level)
        assert told_of(one for one in announce(item) if one.publication_id == item.id) == mails(*people)


@pytest.mark.parametrize(("place", "told"), [("ain", {"bruno", "alice", "chloe"}), ("isere", {"emile"})])
def test_what_no_council_announces_is_told_in_the_councils_of_its_territory(cast, place, told):
    territory = getattr(cast.country, place)
    item = draft(cast.referent, Event, council=cast.council, level=Visibility.PUBLIC, territory=territory)
    item.council_id, item.organiser = None, "Le centre"
    reach = reaching.reach("event", cast.referent, [], item=item, territory_id=territory.id)
    assert {level: one.at_once for level, one in reach.items()} == {
        Visibility.MEMBERS: len(told), Visibility.PUBLIC: len(told),
    }  # fmt: skip
    found = announce(item)
    assert told_of(found) == mails(*(getattr(cast, name) for name in told))
    assert found[0].content["paragraphs"][1].replace("\xa0", " ") == "Nouvel événement, annoncé par « Le centre » :"


def test_the_form_says_what_the_texts_will_cost(app, cast, alice, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_COST_CENTS", 7)
    for number, person in enumerate((cast.bruno, make_user("Fatou Neuve", cast.council))):
        person.phone, person.phone_confirmed_at = f"+3361234567{number}", utcnow()
        alerts.set_choices(person, {AlertTopic.EVENT: (Rhythm.NOW, True)})
    db.session.commit()
    page = " ".join(alice.get("/mon-conseil/evenements/nouveau").text.split()).replace("\xa0", " ")
    assert "2 personnes tout de suite par courriel ; 2 personnes par SMS (environ 14 centimes)." in page
    reach = reaching.reach("event", cast.alice, [], title="Une fête " * 20)[Visibility.COUNCIL]
    assert reach.cents == 2 * 2 * 7  # two messages each, with the address


def test_an_event_that_is_over_or_cancelled_before_the_job_runs_is_not_announced(cast):
    past = utcnow() - timedelta(hours=1)
    assert announce(draft(cast.alice, Event, starts_at=past - timedelta(hours=2), ends_at=past)) == []
    assert announce(draft(cast.alice, Event, cancelled_at=past)) == []


def test_a_text_about_an_event_has_a_short_address_and_of_a_public_one_the_day_and_the_hour(app, cast, client_as):
    cast.bruno.phone, cast.bruno.phone_confirmed_at = "+33612345678", utcnow()
    alerts.set_choices(cast.bruno, {AlertTopic.EVENT: (Rhythm.NEVER, True)})
    starts_at = datetime(2030, 12, 3, 17, 30, tzinfo=UTC)
    for level, when in ((Visibility.PUBLIC, ", mardi 3 décembre 2030 à 18 h 30"), (Visibility.MEMBERS, "")):
        item = draft(cast.alice, Event, title="La fête", level=level, starts_at=starts_at, ends_at=None)
        sms = announce(item)[-1]
        assert sms.content["short"].replace("\xa0", " ") == f"Nouvel événement : La fête{when}"
        assert sms.content["link"][1] == f"{app.config['BASE_URL']}/e/{item.id}"
        assert client_as(cast.bruno).get(f"/e/{item.id}").location == f"/evenements/{item.id}-{item.slug}"


def test_the_mail_about_a_public_event_says_where_and_how_to_register(cast):
    columns = {"place": "Salle des fêtes", "address": "1 rue Haute", "takes_registrations": True, "seats": 25}
    until = datetime(2030, 12, 1, 22, 59, tzinfo=UTC)
    columns |= {"starts_at": datetime(2030, 12, 3, 17, tzinfo=UTC), "ends_at": None, "register_until": until}
    (mail,) = announce(draft(cast.alice, Event, level=Visibility.PUBLIC, **columns))
    said = mail.content["paragraphs"]
    assert "Salle des fêtes, 1 rue Haute" in said
    assert "Sur inscription, 25 places, jusqu’au dimanche 1er décembre 2030." in said
    (mail,) = [one for one in announce(draft(cast.alice, Event, **columns)) if one.id != mail.id]
    assert "Salle des fêtes" not in str(mail.content) and "Sur inscription" not in str(mail.content)
