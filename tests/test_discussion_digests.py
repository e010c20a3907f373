"""Discussions in the digests: what people follow, once, as far as they may read it and have not read it yet."""

import pytest
import time_machine
from sqlalchemy import and_, inspect, select

from app.access import viewer_of
from app.extensions import db
from app.jobs.dispatching import dispatch
from app.jobs.sending import send_mails
from app.labels import AlertTopic, Rhythm, Visibility
from app.models import Document, Event, Message
from app.models.types import utcnow
from app.notifications import dispatch as activities
from app.notifications import hearing, mail, recipients
from app.notifications.links import site_address
from app.notifications.message import topics_of
from app.services import alerts, discussions, listening, posting
from tests.factories import (
    make_category,
    make_commune,
    make_council,
    make_group,
    make_message,
    make_publication,
    make_topic,
    make_user,
    place_of,
)
from tests.test_digests import (
    DAILY,
    MONDAY,
    NEVER,
    SUNDAY,
    TUESDAY,
    WEEKLY,
    choose,
    digest_of,
    everything_for,
    hours,
    lines,
    mails,
    of,
    run,
    saturday,  # noqa: F401 - used as a fixture
    seven,
)

FORUM = (AlertTopic.FORUM,)
THREE = [("3 nouveaux messages", "Un local ?")]


@pytest.fixture
def category(cast):
    return make_category()


@pytest.fixture
def topic(cast, category):
    """A topic of Alice, begun long ago, that Bruno has read and follows."""
    topic = make_topic(cast.alice, category, "Un local ?", created_at=hours(-240))
    discussions.note_read(cast.bruno.id, topic.id, 1)
    listening.set_topic(topic, cast.bruno, True)
    db.session.commit()
    return topic


@pytest.fixture
def group(cast):
    return make_group("Bourg", cast.council, cast.country.reyssouze)


def answer(author, topic, at=-2, **columns):
    """Add a message so many hours after the Sunday's digest, as if it had been written on the site."""
    with time_machine.travel(hours(at), tick=False):
        message = make_message(author, topic, created_at=hours(at), **columns)
        activities.record("message.posted", message, author.id)
        db.session.commit()
        dispatch()
    return message


def begin(author, category, title="Qui vient ?", at=-2):
    with time_machine.travel(hours(at), tick=False):
        topic = make_topic(author, category, title, created_at=hours(at))
        first = db.session.scalar(select(Message).filter_by(topic_id=topic.id))
        activities.record("message.posted", first, author.id)
        db.session.commit()
        dispatch()
    return topic


def headings(row):
    return [section["heading"] for section in row.content["sections"]]


def sent(*rows, at=None):
    """Send what waits; return some rows as they are then, for sending drops all that was read."""
    known = [(type(row), inspect(row).identity[0]) for row in rows]
    with time_machine.travel(at or seven(SUNDAY), tick=False):
        send_mails()
    return [db.session.get(*one) for one in known]


# What is told ------------------------------------------------------------------------------------------------------


def test_the_answers_of_a_topic_that_one_follows_are_one_line_and_then_no_more(cast, topic):
    for hour in (-3, -2, -1):
        answer(cast.alice, topic, at=hour)
    (row,) = run(seven(SUNDAY))
    assert (row.person_id, lines(row), headings(row)) == (cast.bruno.id, THREE, ["Forum"])
    assert row.content["sections"][0]["lines"][0]["address"].endswith(f"/forum/sujets/{topic.id}-{topic.slug}/non-lus")
    assert (row.subject, row.content["why"]) == ("1 nouveauté pour vous", "vous suivez des discussions")
    assert digest_of(cast.bruno, MONDAY) == []
    answer(cast.alice, topic, at=26)
    assert digest_of(cast.bruno, TUESDAY) == [("1 nouveau message", "Un local ?")]


def test_a_new_topic_of_a_rubric_that_one_follows_is_told_with_its_answers(cast, category):
    listening.set_category(category, cast.bruno, True)
    listening.set_category(category, cast.chloe, True)  # who wants nothing
    first, second = begin(cast.alice, category), begin(cast.chloe, category, "Un repas", at=-1)
    listening.set_topic(first, cast.bruno, True)
    answer(cast.chloe, first, at=-1.5)
    answer(cast.alice, second, at=-0.5)  # he follows the rubric, not this topic
    (row,) = run(seven(SUNDAY))
    assert lines(row) == [("Nouveau sujet", "Un repas"), ("Nouveau sujet, 1 réponse", "Qui vient ?")]


def test_what_nobody_follows_is_not_told(cast, category, topic):
    begin(cast.alice, category)
    listening.set_topic(topic, cast.bruno, False)
    answer(cast.alice, topic)
    assert run(seven(SUNDAY)) == []


def test_the_new_topics_of_a_group_are_told_to_its_members_under_its_name(cast, group, topic):
    for person in (cast.chloe, cast.emile):
        choose(person, DAILY, FORUM)
    listening.set_category(place_of(group), cast.emile, True)
    begin(cast.alice, place_of(group))
    answer(cast.chloe, topic, at=-1)
    run(seven(SUNDAY))
    assert [headings(row) for row in of(cast.bruno)] == [["Discussions : Bourg", "Forum"]]
    assert [lines(row) for row in of(cast.chloe)] == [[("Nouveau sujet", "Qui vient ?")]]
    assert of(cast.emile) == []


def test_whoever_wants_no_news_of_a_group_gets_none(cast, group):
    listening.set_category(place_of(group), cast.bruno, False)
    begin(cast.alice, place_of(group))
    assert run(seven(SUNDAY)) == []


def test_what_one_wrote_or_has_read_or_what_is_hidden_or_gone_is_not_told(cast, topic):
    answer(cast.bruno, topic, at=-5)
    discussions.note_read(cast.bruno.id, topic.id, answer(cast.alice, topic, at=-4).number)
    answer(cast.alice, topic, at=-3).hidden_at = utcnow()
    posting.take_back(answer(cast.alice, topic, at=-2))
    db.session.commit()
    assert run(seven(SUNDAY)) == []


def test_a_rubric_that_was_marked_as_read_has_nothing_new(cast, category):
    listening.set_category(category, cast.bruno, True)
    begin(cast.alice, category)
    with time_machine.travel(hours(-1), tick=False):
        discussions.mark_all_read(category, cast.bruno, utcnow())
    begin(cast.alice, category, "Plus tard", at=-0.5)
    assert digest_of(cast.bruno, SUNDAY) == [("Nouveau sujet", "Plus tard")]


def test_a_hidden_topic_is_not_told(cast, topic):
    answer(cast.alice, topic)
    topic.hidden_at = utcnow()
    db.session.commit()
    assert run(seven(SUNDAY)) == []


def test_discussions_come_after_what_councils_share_in_the_same_mail(cast, group, topic):
    share = {"published_at": hours(-3), "level": Visibility.GROUPS, "groups": [group]}
    make_publication(Document, cast.alice, title="Le nôtre", **share)
    make_publication(Document, cast.chloe, title="Le leur", **share)
    begin(cast.alice, place_of(group))
    answer(cast.alice, topic)
    (row,) = run(seven(SUNDAY))
    leurs = "Grande Reyssouze Terre des Fleurs"
    assert headings(row) == ["Votre conseil : Croix Blanche", leurs, "Discussions : Bourg", "Forum"]
    assert "ses groupes, et des discussions" in row.content["why"]
    made = mail.make(row)
    assert "* 1 nouveau message : Un local ?" in made.body.replace("\xa0", " ") and "1 nouveau message" in made.html


def test_thirty_are_listed_and_the_others_are_counted(cast, category):
    listening.set_category(category, cast.bruno, True)
    for number in range(42):
        begin(cast.alice, category, f"N° {number}", at=-6 + number / 10)
    (row,) = run(seven(SUNDAY))
    assert [title for _, title in lines(row)] == [f"N° {number}" for number in range(41, 11, -1)]
    assert "… et 12 autres, sur le site." in mail.make(row).body and row.subject == "42 nouveautés pour vous"
    assert len(topics_of(row.content)) == 42
    db.session.scalar(select(hearing.Topic).filter_by(title="N° 3")).hidden_at = utcnow()
    db.session.scalar(select(hearing.Topic).filter_by(title="N° 33")).hidden_at = utcnow()
    db.session.commit()
    sent()
    (row,) = mails()
    assert (len(lines(row)), len(row.content["others"])) == (29, 11)


@pytest.mark.parametrize("who", ["referent", "animator"])
def test_whoever_is_of_no_council_has_a_digest_of_the_forum_and_of_nothing_else(cast, topic, who):
    person = getattr(cast, who)
    choose(person, DAILY)
    run(utcnow())
    listening.set_topic(topic, person, True)
    make_publication(Document, cast.alice, level=Visibility.PUBLIC, published_at=hours(-3))
    everywhere = {"level": Visibility.MEMBERS, "organiser": "Le centre", "published_at": hours(-3)}
    make_publication(Event, cast.away, cast.council, **everywhere).council_id = None
    answer(cast.alice, topic)
    run(seven(SUNDAY))
    (row,) = of(person)
    assert lines(row) == [("1 nouveau message", "Un local ?")] and row.content["link"][0] == "Lire le forum"


# Another rhythm ----------------------------------------------------------------------------------------------------


def test_weekly_discussions_come_on_mondays(cast, topic):
    choose(cast.bruno, WEEKLY, FORUM)
    for hour in (-3, -2, 2):
        answer(cast.alice, topic, at=hour)
    assert digest_of(cast.bruno, SUNDAY) == []
    assert digest_of(cast.bruno, MONDAY) == THREE
    assert digest_of(cast.bruno, TUESDAY) == []


def test_what_the_daily_digest_told_is_not_told_again_on_the_day_of_the_weekly_ones(cast, topic):
    choose(cast.chloe, WEEKLY, FORUM)
    listening.set_topic(topic, cast.chloe, True)
    answer(cast.alice, topic)
    assert digest_of(cast.bruno, SUNDAY) == [("1 nouveau message", "Un local ?")]
    run(seven(MONDAY))
    assert (len(of(cast.bruno)), len(of(cast.chloe))) == (1, 1)


@pytest.mark.parametrize("rhythm", [DAILY, WEEKLY])
def test_what_was_told_at_once_is_in_no_digest_after_that(cast, topic, rhythm):
    choose(cast.bruno, Rhythm.NOW, FORUM)
    answer(cast.alice, topic, at=-3)
    alice, bruno, topic = sent(cast.alice, cast.bruno, topic, at=hours(-2.9))
    choose(bruno, rhythm, FORUM)
    answer(alice, topic, at=-2)
    for day in (SUNDAY, MONDAY):
        run(seven(day))
    assert [lines(row) for row in of(bruno)] == [[("1 nouveau message", "Un local ?")]]
    assert [row.state for row in everything_for(bruno) if row.kind == "discussion"] == ["sent"]


def test_what_waited_to_be_told_at_once_is_told_by_the_digest_that_was_chosen_meanwhile(cast, topic):
    choose(cast.bruno, Rhythm.NOW, FORUM)
    answer(cast.alice, topic)
    choose(cast.bruno, DAILY, FORUM)
    assert digest_of(cast.bruno, SUNDAY) == [("1 nouveau message", "Un local ?")]
    (bruno,) = sent(cast.bruno)
    assert [(row.kind, row.state) for row in everything_for(bruno)] == [
        ("discussion", "failed"), ("digest", "sent"),
    ]  # fmt: skip


def test_what_was_to_come_still_comes_when_one_chooses_to_be_told_at_once(cast, topic):
    answer(cast.alice, topic, at=-3)
    with time_machine.travel(hours(-2), tick=False):
        choose(cast.bruno, Rhythm.NOW, FORUM)
    answer(cast.alice, topic, at=-1)
    assert digest_of(cast.bruno, SUNDAY) == [("1 nouveau message", "Un local ?")]
    assert len([row for row in everything_for(cast.bruno) if row.kind == "discussion"]) == 1
    answer(cast.alice, topic, at=2)
    assert digest_of(cast.bruno, MONDAY) == []


def test_whoever_never_wants_to_hear_of_discussions_does_not(cast, topic):
    choose(cast.bruno, NEVER, FORUM)
    answer(cast.alice, topic)
    assert run(seven(SUNDAY)) == []


def answers(row):
    return [line.get("answer") for section in row.content["sections"] for line in section["lines"]]


def test_each_discussion_has_a_second_link_that_answers_below_its_last_message(cast, client_as, topic):
    for hour in (-3, -2):
        answer(cast.alice, topic, at=hour)
    make_publication(Document, cast.alice, published_at=hours(-3))
    choose(cast.bruno, DAILY, (AlertTopic.DOCUMENT,))
    (row,) = run(seven(SUNDAY))
    form = site_address("community.topics.reply", topic_id=topic.id, slug=topic.slug, a=3)
    assert sorted(answers(row), key=str) == [None, form]
    made = mail.make(row)
    assert f"  Répondre : {form}\n" in made.body.replace("\xa0", " ")
    assert f'<a href="{form}">Répondre</a>' in made.html
    assert made.body.count("Répondre") == made.html.count("Répondre") == 1
    assert client_as(cast.bruno).get(form.partition(":8000")[2]).status_code == 200


@pytest.mark.parametrize("how", ["topic", "rubric", "group"])
def test_where_nobody_writes_any_more_a_digest_has_no_link_that_answers(cast, category, group, how):
    place = place_of(group) if how == "group" else category
    listening.set_category(place, cast.bruno, True)
    topic = begin(cast.alice, place)

    def close(instant):
        row = {"topic": topic, "rubric": place, "group": group}[how]
        setattr(row, "archived_at" if how == "group" else "closed_at", instant)
        db.session.commit()

    close(utcnow())
    bruno = cast.bruno.id
    (row,) = [one for one in run(seven(SUNDAY)) if one.person_id == bruno]
    assert answers(row) == [None]
    close(None)
    (row,) = sent(row)
    assert answers(row)[0].endswith("/repondre?a=1")


def test_a_topic_that_was_closed_meanwhile_loses_the_link_that_answers(cast, topic):
    answer(cast.alice, topic)
    (row,) = run(seven(SUNDAY))
    assert answers(row)[0].endswith("/repondre?a=2")
    topic.closed_at = utcnow()
    db.session.commit()
    (row,) = sent(row)
    assert (row.state, answers(row)) == ("sent", [None])
    assert "Répondre" not in mail.make(row).body


def test_what_was_recorded_twice_is_counted_once(cast, topic):
    message = answer(cast.alice, topic)
    with time_machine.travel(hours(-1), tick=False):
        activities.record("message.posted", message, cast.alice.id)
        db.session.commit()
    assert digest_of(cast.bruno, SUNDAY) == [("1 nouveau message", "Un local ?")]


# Before it leaves --------------------------------------------------------------------------------------------------


def test_messages_that_were_read_or_taken_away_meanwhile_are_not_counted_any_more(cast, topic):
    numbers = [answer(cast.alice, topic, at=hour).number for hour in (-5, -4, -3, -2)]
    run(seven(SUNDAY))
    discussions.note_read(cast.bruno.id, topic.id, numbers[0])
    posting.take_back(db.session.scalar(select(Message).filter_by(topic_id=topic.id, number=numbers[2])))
    topic.title = "Un local !"
    db.session.commit()
    answer(cast.alice, topic, at=0.1)  # comes in the next digest
    (bruno,) = sent(cast.bruno)
    (row,) = mails()
    assert (row.state, lines(row)) == ("sent", [("2 nouveaux messages", "Un local !")])
    assert digest_of(bruno, MONDAY) == [("1 nouveau message", "Un local !")]


@pytest.mark.parametrize("what", ["read", "hidden", "unfollowed", "never", "left"])
def test_what_is_not_for_its_reader_any_more_is_taken_out(cast, category, group, what):
    listening.set_category(place_of(group), cast.bruno, True)
    topic = begin(cast.alice, place_of(group))
    run(seven(SUNDAY))
    if what == "read":
        discussions.note_read(cast.bruno.id, topic.id, 1)
    elif what == "hidden":
        topic.hidden_at = utcnow()
    elif what == "unfollowed":
        listening.set_category(place_of(group), cast.bruno, False)
    elif what == "never":
        alerts.set_choices(cast.bruno, {AlertTopic.FORUM: (NEVER, False)})
    else:
        group.councils.remove(cast.council)
    db.session.commit()
    sent()
    assert [row.state for row in mails()] == ["failed"]


def test_a_digest_that_an_earlier_program_prepared_still_leaves(cast):
    documents = [make_publication(Document, cast.alice, published_at=hours(-3)) for _ in range(32)]
    db.session.commit()
    (row,) = run(seven(SUNDAY))
    others = [item.id for item in documents[:2]]
    row.content = row.content | {"others": others}
    db.session.commit()
    sent()
    assert [(row.state, row.content["others"]) for row in mails()] == [("sent", others)]


# The same as the rule of alerts, and how much it costs --------------------------------------------------------------


def test_a_digest_tells_the_same_people_as_the_mails_at_once_would(cast, category, group):
    people = [cast.alice, cast.bruno, cast.chloe, cast.emile, cast.referent, cast.animator]
    places = [category, place_of(group)]
    topics = [make_topic(cast.alice, place, f"Sujet {place.id}", created_at=hours(-9)) for place in places]
    for number, person in enumerate(people):
        for place, topic in zip(places, topics, strict=True):
            said = (True, False, None)[(number + place.id) % 3]
            if said is not None:
                listening.set_category(place, person, said)
                listening.set_topic(topic, person, not said)
    db.session.commit()
    messages = [message for topic in topics for message in (first_of(topic), answer(cast.alice, topic))]
    lot = {
        person.id: hearing.Asked(hours(-99), viewer_of(person), is_told_at_once=False)
        for person in people
    }  # fmt: skip
    for topic in topics:
        activities.record("message.posted", first_of(topic), cast.alice.id).created_at = hours(-9)
    db.session.execute(db.delete(hearing.Delivery))
    db.session.commit()
    found = hearing.news(lot, hours(0))
    for message in messages:
        wanted = set(db.session.scalars(select(hearing.User.id).where(hearing_of(message))))
        told = {user for user, heard in found.items() for one in heard if message.id in {post.id for post in one.posts}}
        assert told == wanted & lot.keys(), message.number


def first_of(topic):
    return db.session.scalar(select(Message).filter_by(topic_id=topic.id, number=1))


def hearing_of(message):
    return and_(recipients.hearers(message), recipients.not_seen(message))


def test_many_people_and_many_topics_cost_as_many_questions_as_few(cast, category, group, queries):
    communes = [make_commune(f"0199{number}", f"Bourg {number}", cast.country.ain) for number in range(3)]
    people = [make_user(f"Membre{n} Essai", make_council(f"Conseil {n}", communes[n % 3])) for n in range(20)]
    for person in people:
        choose(person, DAILY)
    run(utcnow())
    for number in range(10):
        topic = begin(cast.alice, category, f"Sujet {number}")
        for person in people:
            listening.set_topic(topic, person, True)
        answer(cast.alice, topic, at=-1)
    begin(cast.alice, place_of(group))
    queries.clear()
    assert len(run(seven(SUNDAY))) == 21
    assert len(queries) < 30, queries
    assert not any("messages.text" in query for query in queries)
