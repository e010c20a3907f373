"""Many write in one topic at the same instant, on a real database: each message has its number, and stands once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask_migrate import upgrade
from sqlalchemy import select

from app.extensions import db
from app.models import Activity, Message, Topic, TopicCursor
from app.services import accounts
from tests.browse import send
from tests.factories import make_cast, make_category, make_topic, make_user

pytestmark = pytest.mark.slow

WRITERS, ANSWERS = 6, 5


@pytest.fixture
def site(own_app):
    """A site with a database of its own, and a topic."""
    with own_app.app_context():
        upgrade()
        cast = make_cast()
        topic = make_topic(cast.alice, make_category())
        own_app.path, own_app.council_id = f"/forum/sujets/{topic.id}-{topic.slug}", cast.council.id
        db.session.commit()
    return own_app


def browser(app, number):
    """Return the browser of a new member."""
    client = app.test_client()
    with app.app_context():
        user = make_user(f"N{number} Essai", email=f"n{number}@essai.example")
        user.council_id = app.council_id
        token = accounts.log_in(user)
        db.session.commit()
    with client.session_transaction() as session:
        session["_user_id"] = token
    return client


def test_messages_of_many_at_once_are_numbered_without_a_gap_and_told_once(site):
    clients = [browser(site, number) for number in range(WRITERS)]

    def talk(number):
        for answer in range(ANSWERS):
            page = clients[number].get(site.path + "/repondre")
            assert send(clients[number], page, "Répondre", text=f"M{number}x{answer}").status_code == 302

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(talk, range(WRITERS)))
    with site.app_context():
        rows = db.session.scalars(select(Message).order_by(Message.number)).all()
        assert [row.number for row in rows] == list(range(1, WRITERS * ANSWERS + 2))
        said = {row.text for row in rows[1:]}
        assert said == {f"M{number}x{answer}" for number in range(WRITERS) for answer in range(ANSWERS)}
        topic = db.session.scalars(select(Topic)).one()
        assert (topic.last_number, topic.last_at) == (len(rows), rows[-1].created_at)
        told = db.session.scalars(select(Activity.subject_id).filter_by(verb="message.posted")).all()
        assert sorted(told) == sorted(row.id for row in rows[1:])


def test_one_form_sent_by_many_hands_at_once_makes_one_message(site):
    client = browser(site, 0)
    page = client.get(site.path + "/repondre")
    with ThreadPoolExecutor(WRITERS) as pool:
        answers = list(pool.map(lambda _: send(client, page, "Répondre", text="Une fois."), range(WRITERS)))
    assert {answer.location for answer in answers} == {site.path + "?message=2#message-2"}
    with site.app_context():
        assert len(db.session.scalars(select(Message)).all()) == 2


def test_pages_opened_at_once_leave_the_farthest_mark(site):
    with site.app_context():
        topic = db.session.scalars(select(Topic)).one()
        db.session.add_all(
            Message(topic_id=topic.id, number=number, key=f"k{number}", text="a", html="<p>a</p>")
            for number in range(2, 101)
        )
        topic.last_number = 100
        db.session.commit()
    client = browser(site, 0)
    with ThreadPoolExecutor(5) as pool:
        pages = list(pool.map(lambda page: client.get(f"{site.path}?page={page}"), (3, 5, 1, 4, 2)))
    assert {page.status_code for page in pages} == {200}
    with site.app_context():
        assert db.session.scalars(select(TopicCursor.number)).all() == [100]
