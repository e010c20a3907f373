"""What people are told of discussions at once: whom, once, and what the mail says."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.jobs.dispatching import dispatch
from app.jobs.sending import send_mails
from app.labels import AlertTopic, Channel, Rhythm, UserStatus
from app.models import Activity, Address, Delivery, TopicCursor
from app.models.types import utcnow
from app.notifications import discussions as discussions_told
from app.notifications import dispatch as activities
from app.notifications import mail, outbox
from app.notifications.message import stop_address
from app.services import alerts, closing, discussions, listening, posting
from tests.browse import submit
from tests.factories import make_category, make_group, make_message, make_topic, place_of


@pytest.fixture
def category(cast):
    return make_category()


@pytest.fixture
def topic(cast, category):
    """A topic of Alice that Bruno and Chloé follow; all have read it."""
    topic = make_topic(cast.alice, category)
    for person in (cast.alice, cast.bruno, cast.chloe):
        discussions.note_read(person.id, topic.id, 1)
        listening.set_topic(topic, person, True)
    db.session.commit()
    return topic


@pytest.fixture
def group(cast):
    return make_group("Bourg", cast.council, cast.country.reyssouze)


def answer(author, topic, **columns):
    message = make_message(author, topic, **columns)
    activities.record("message.posted", message, author.id)
    db.session.commit()
    return message


def begin(author, category, title="Un local ?", **columns):
    topic = make_topic(author, category, title, **columns)
    activities.record("message.posted", first_of(topic), author.id)
    db.session.commit()
    return topic


def first_of(topic):
    return db.session.scalar(select(posting.Message).filter_by(topic_id=topic.id, number=1))


def prepared():
    """Dispatch; return what is written to whom, by the first name."""
    dispatch()
    return {name(delivery): delivery for delivery in mails()}


def name(delivery):
    return delivery.recipient.split("@")[0]


def mails():
    db.session.expire_all()
    return db.session.scalars(select(Delivery).where(Delivery.kind == "discussion").order_by(Delivery.id)).all()


def sent():
    send_mails()
    return [one.error or one.state for one in mails()]


def choose(person, rhythm):
    alerts.set_choices(person, {AlertTopic.FORUM: (rhythm, False)})
    db.session.commit()


# Who is told -------------------------------------------------------------------------------------------------------


def test_an_answer_is_told_to_those_who_follow_the_topic_but_its_author(cast, topic):
    answer(cast.chloe, topic)
    assert prepared().keys() == {"alice", "bruno"}


def test_a_new_topic_is_told_to_those_who_follow_the_rubric(cast, category):
    for person in (cast.bruno, cast.chloe, cast.animator, cast.referent):
        listening.set_category(category, person, True)
    listening.set_category(category, cast.chloe, False)
    topic = begin(cast.alice, category)
    assert prepared().keys() == {"bruno", "anne", "renee"}
    answer(cast.bruno, topic)
    assert prepared().keys() == {"bruno", "anne", "renee"}  # none of them follows the topic


def test_whoever_follows_the_rubric_and_the_topic_gets_one_mail(cast, category):
    listening.set_category(category, cast.bruno, True)
    topic = begin(cast.alice, category)
    listening.set_topic(topic, cast.bruno, True)
    db.session.commit()
    assert len(prepared()) == len(mails()) == 1


def test_a_new_topic_of_a_group_is_told_to_the_members_of_its_councils_only(cast, group):
    listening.set_category(place_of(group), cast.emile, True)  # they may not, whatever a row says
    listening.set_category(place_of(group), cast.animator, True)
    begin(cast.alice, place_of(group))
    assert prepared().keys() == {"bruno", "chloe"}


def test_whoever_wants_no_news_of_a_group_gets_none(cast, group):
    listening.set_category(place_of(group), cast.bruno, False)
    begin(cast.alice, place_of(group))
    assert prepared().keys() == {"chloe"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_council_that_left_the_group_meanwhile_is_told_nothing(cast, group, when):
    topic = begin(cast.alice, place_of(group))
    listening.set_topic(topic, cast.chloe, True)
    answer(cast.alice, topic)
    if when == "after":
        assert prepared().keys() == {"bruno", "chloe"}
    group.councils.remove(cast.country.reyssouze)
    db.session.commit()
    assert ("chloe" in prepared()) is (when == "after")
    send_mails()
    states = {(name(one), one.state) for one in mails()}
    assert states - {("chloe", "failed")} == {("bruno", "sent")}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("how", ["page", "all"])
def test_what_was_read_meanwhile_is_not_told(cast, client_as, topic, when, how):
    answer(cast.alice, topic, created_at=utcnow() - timedelta(seconds=2))
    if when == "after":
        assert "bruno" in prepared()
    browser = client_as(cast.bruno)
    if how == "page":
        browser.get(f"/forum/sujets/{topic.id}-{topic.slug}")
    else:
        submit(browser, f"/forum/{topic.category.slug}", "Tout marquer comme lu")
    assert ("bruno" in prepared()) is (when == "after")
    send_mails()
    states = {name(one): one.error or one.state for one in mails()}
    assert states.pop("chloe") == "sent"
    assert all("l’a lu entre-temps" in error for error in states.values())


def test_a_new_topic_of_a_rubric_that_was_marked_as_read_is_not_told(cast, category):
    listening.set_category(category, cast.bruno, True)
    begin(cast.alice, category)
    discussions.mark_all_read(category, cast.bruno, utcnow())
    db.session.commit()
    assert prepared() == {}


@pytest.mark.parametrize("what", ["message", "topic", "removed"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_is_hidden_or_taken_away_tells_nobody(cast, topic, what, when):
    message = answer(cast.chloe, topic)
    if when == "after":
        assert len(prepared()) == 2
    if what == "removed":
        posting.take_back(message)
    else:
        (message if what == "message" else topic).hidden_at = utcnow()
    db.session.commit()
    assert len(prepared()) == (2 if when == "after" else 0)
    assert all("ne peut plus le lire" in state for state in sent())


def test_what_was_away_when_its_turn_came_has_not_been_told(cast, topic):
    message = answer(cast.chloe, topic)
    posting.take_back(message)
    db.session.commit()
    assert discussions_told.was_told(message)  # its turn is still to come
    assert prepared() == {}
    assert not discussions_told.was_told(message)
    message.removed_at = None
    activities.record("message.posted", message, cast.chloe.id)
    db.session.commit()
    assert prepared().keys() == {"alice", "bruno"}
    posting.take_back(message)
    db.session.commit()
    assert discussions_told.was_told(message)


def test_what_was_there_when_its_turn_came_has_been_told_though_nobody_followed(cast, category):
    topic = make_topic(cast.alice, category)
    message = answer(cast.alice, topic)
    assert prepared() == {}
    posting.take_back(message)
    db.session.commit()
    assert discussions_told.was_told(message)


@pytest.mark.parametrize("rhythm", [Rhythm.DAILY, Rhythm.WEEKLY, Rhythm.NEVER])
def test_other_rhythms_get_no_mail_at_once(cast, topic, rhythm):
    choose(cast.bruno, rhythm)
    answer(cast.alice, topic)
    assert prepared().keys() == {"chloe"}


@pytest.mark.parametrize("state", ["suspended", "closed", "paused", "stopped", "off", "unfollowed", "daily"])
def test_whoever_may_not_or_will_not_hear_is_not_written_to(cast, topic, state):
    answer(cast.alice, topic)
    assert "bruno" in prepared()
    if state == "suspended":
        cast.bruno.status = UserStatus.SUSPENDED
    elif state == "closed":
        closing.close(cast.bruno, at_once=False, signs=True)
    elif state == "paused":
        cast.bruno.alerts_paused_at = utcnow()
    elif state == "stopped":
        outbox.stop(Channel.MAIL, cast.bruno.email, "discussion")
    elif state == "off":
        db.session.add(Address(channel="mail", address=cast.bruno.email, off_since=utcnow()))
    elif state == "unfollowed":
        listening.set_topic(topic, cast.bruno, False)
    else:
        choose(cast.bruno, Rhythm.DAILY)
    answer(cast.alice, topic)
    dispatch()
    told = [name(one) for one in mails()]
    assert (told.count("chloe"), told.count("bruno")) == (2, state != "closed")  # a closure takes back what waits
    send_mails()
    assert all(one.state == "failed" for one in mails() if name(one) == "bruno")


def test_dispatched_twice_it_is_told_once(cast, topic):
    answer(cast.alice, topic)
    dispatch()
    db.session.execute(db.update(Activity).values(dispatched_at=None, next_attempt_at=utcnow()))
    db.session.commit()
    dispatch()
    assert len(mails()) == 2
    assert sent() == ["sent", "sent"] == sent()


def test_a_topic_that_is_no_more_tells_nobody(cast, topic):
    answer(cast.alice, topic)
    dispatch()
    db.session.delete(topic)
    db.session.commit()
    assert set(sent()) == {"Non envoyé : cette personne ne peut plus le lire."}


def test_many_followers_cost_as_many_questions_as_few(cast, topic, queries):
    message = answer(cast.alice, topic)
    activity = db.session.scalar(select(Activity))
    queries.clear()
    assert len(activities.rows(activity.id)) == 2
    few = len(queries)
    for person in (cast.emile, cast.referent, cast.away, cast.animator):
        listening.set_topic(message.topic, person, True)
    db.session.commit()
    queries.clear()
    assert len(activities.rows(activity.id)) == 6
    assert len(queries) <= few + 4  # what the commit let be read again


# What the mail says -------------------------------------------------------------------------------------------------


def test_the_mail_of_an_answer_leads_to_it_and_to_the_form_that_answers(cast, topic, client_as):
    message = answer(cast.chloe, topic, text="Un secret")
    row = prepared()["bruno"]
    assert row.subject == "Réponse de Chloé Bernard : Un local pour se réunir ?"
    read, link = row.content["link"]
    assert read == "Lire la réponse" and link.endswith(f"/forum/messages/{message.id}")
    ((words, address),) = row.content["also"]
    assert words == "Répondre" and address.endswith(f"/forum/sujets/{topic.id}-{topic.slug}/repondre?a=2")
    made = mail.make(row)
    assert "secret" not in (made.body + made.html).lower()
    assert "Chloé Bernard a répondu dans la rubrique « Vie des conseils » du forum :" in made.body.replace("\xa0", " ")
    assert "Vous recevez ce message parce que vous suivez ce sujet. Pour ne plus le suivre" in made.body
    browser = client_as(cast.bruno)
    assert browser.get(path(link)).location.endswith("#message-2")
    assert browser.get(path(address)).status_code == 200


def path(address):
    return "/" + address.split("/", 3)[3]


def test_the_mail_of_a_new_topic_says_where_it_is_and_how_to_stop(cast, group, client):
    begin(cast.alice, place_of(group), "Qui vient ?")
    row = prepared()["chloe"]
    assert (row.subject, row.content["link"][0]) == ("Nouveau sujet : Qui vient ?", "Lire le sujet")
    made = mail.make(row)
    assert "Alice Martin a ouvert un sujet de discussion dans le groupe de travail « Bourg » :" in made.body.replace(
        "\xa0", " "
    )
    assert "votre conseil citoyen est dans ce groupe de travail" in made.body
    answered = client.get(path(stop_address(row)))
    assert "les discussions que vous suivez" in answered.text


def test_one_click_stops_such_mails_and_no_others(cast, topic, client):
    answer(cast.alice, topic)
    row = prepared()["bruno"]
    client.post(path(stop_address(row)), data={"List-Unsubscribe": "One-Click"})
    assert outbox.stops(Channel.MAIL, cast.bruno.email) == {"discussion"}
    answer(cast.alice, topic)
    dispatch()
    assert sorted(map(name, mails())) == ["bruno", "chloe", "chloe"]


def test_where_nobody_writes_any_more_the_mail_has_no_way_to_answer(cast, topic):
    answer(cast.alice, topic)
    topic.closed_at = utcnow()
    db.session.commit()
    assert "also" not in prepared()["bruno"].content


def test_it_says_what_is_so_when_it_leaves(cast, topic):
    answer(cast.emile, topic)
    assert prepared()["bruno"].subject.startswith("Réponse d’Émile Durand : ")
    topic.title, cast.emile.status = "Un autre titre", UserStatus.CLOSED
    db.session.commit()
    send_mails()
    assert {one.subject for one in mails()} == {"Réponse d’un ancien membre : Un autre titre"}
    assert "Un ancien membre a répondu" in mails()[0].content["paragraphs"][1]


def test_what_a_person_writes_through_the_site_is_told(cast, client_as, topic):
    submit(client_as(cast.alice), f"/forum/sujets/{topic.id}-{topic.slug}/repondre", "Répondre", text="Oui, le mardi.")
    assert prepared().keys() == {"bruno", "chloe"}
    assert db.session.get(TopicCursor, (cast.alice.id, topic.id)).number == 2
