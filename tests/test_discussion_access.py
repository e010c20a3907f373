"""Who reads and does what in discussions: lists, single rows and the people who are told agree."""

from itertools import product

import pytest
from sqlalchemy import select

from app.access import (
    VISITOR,
    gathered,
    may_answer,
    may_arrange,
    may_ask_for_group,
    may_correct,
    may_move,
    may_open_topic,
    may_put_back,
    may_read,
    may_settle,
    may_take_back,
    readable,
    viewer_of,
)
from app.extensions import db
from app.models import Category, Group, Message, Topic, User
from app.models.types import utcnow
from tests.factories import make_category, make_group, make_message, make_topic
from tests.test_access import PEOPLE, those, viewer_named
from tests.test_forum import later

MEMBERS = {"alice", "bruno", "chloe", "emile", "referent", "away", "animator"}
GROUPED = {"alice", "bruno", "chloe"}


@pytest.fixture
def places(cast):
    """A rubric of the forum, and the place of a group of Alice's and Chloé's councils."""
    group = make_group("Bourg ensemble", cast.council, cast.chloe.council)
    forum = make_category()
    db.session.commit()
    return {"forum": forum, "group": db.session.scalar(select(Category).filter_by(group_id=group.id))}


def test_lists_rows_and_people_agree_whatever_is_hidden_or_taken_away(cast, places):
    for place, author, hidden, removed in product(places.values(), ("alice", "chloe", None), (0, 1), (0, 1)):
        writer = getattr(cast, author) if author else None
        topic = make_topic(writer, place, hidden_at=utcnow() if hidden and removed else None)
        make_message(writer, topic, hidden_at=utcnow() if hidden else None, removed_at=utcnow() if removed else None)
    db.session.commit()
    for name in PEOPLE:
        viewer = viewer_named(cast, name)
        for model in (Group, Category, Topic, Message):
            listed = set(db.session.scalars(select(model.id).where(readable(model, viewer))))
            for row in db.session.scalars(select(model)).all():
                assert may_read(viewer, row) is (row.id in listed), (name, row)
        if name != "visitor":
            for place in places.values():
                told = db.session.scalar(select(User.id).where(User.id == viewer.user_id, gathered(place)))
                assert (told is not None) is may_read(viewer, place), (name, place)


def test_the_forum_is_read_by_all_accounts_and_a_group_by_its_councils_alone(cast, places):
    for name, readers in (("forum", MEMBERS), ("group", GROUPED)):
        topic = make_topic(cast.alice, places[name])
        message = db.session.scalars(select(Message).filter_by(topic_id=topic.id)).one()
        for row in (places[name], topic, message):
            assert those(cast, lambda viewer, row=row: may_read(viewer, row)) == readers, row
    assert those(cast, lambda viewer: may_read(viewer, places["group"].group)) == GROUPED


def test_what_is_hidden_is_left_to_its_author_and_in_the_forum_to_the_animator(cast, places):
    for name, readers in (("forum", {"chloe", "animator"}), ("group", {"chloe"})):
        topic = make_topic(cast.chloe, places[name], hidden_at=utcnow())
        assert those(cast, lambda viewer, topic=topic: may_read(viewer, topic)) == readers
        shown = make_topic(cast.alice, places[name])
        message = make_message(cast.chloe, shown, hidden_at=utcnow())
        assert those(cast, lambda viewer, row=message: may_read(viewer, row)) == readers


def test_what_its_author_took_away_is_left_to_them(cast, places):
    message = make_message(cast.chloe, make_topic(cast.alice, places["forum"]), removed_at=utcnow())
    assert those(cast, lambda viewer: may_read(viewer, message)) == {"chloe"}
    assert those(cast, lambda viewer: may_put_back(viewer, message)) == {"chloe"}
    assert not those(cast, lambda viewer: may_take_back(viewer, message))


def test_who_arranges_moves_and_settles(cast, places):
    forum, group = (make_topic(cast.bruno, place) for place in places.values())
    assert those(cast, lambda viewer: may_arrange(viewer, forum)) == {"animator"}
    assert those(cast, lambda viewer: may_move(viewer, forum)) == {"animator"}
    assert those(cast, lambda viewer: may_settle(viewer, forum)) == {"bruno", "animator"}
    assert not those(cast, lambda viewer: may_move(viewer, group))
    readers = [viewer_of(getattr(cast, name)) for name in GROUPED]
    assert all(may_arrange(viewer, group) and may_settle(viewer, group) for viewer in readers)


def test_nobody_writes_where_it_is_closed_or_archived(cast, places):
    topics = {name: make_topic(cast.alice, place) for name, place in places.items()}
    writer = viewer_of(cast.alice)
    assert all(may_open_topic(writer, place) for place in places.values())
    assert all(may_answer(writer, topic) for topic in topics.values())
    message = db.session.scalars(select(Message).filter_by(topic_id=topics["forum"].id)).one()
    assert those(cast, lambda viewer: may_correct(viewer, message, topics["forum"])) == {"alice"}
    message.created_at = later(-61)
    assert not may_correct(writer, message, topics["forum"])
    message.created_at = utcnow()
    topics["forum"].closed_at = places["group"].group.archived_at = utcnow()
    assert may_open_topic(writer, places["forum"]) and not may_open_topic(writer, places["group"])
    assert not any(may_answer(writer, topic) for topic in topics.values())
    assert not may_correct(writer, message, topics["forum"])
    assert not may_arrange(writer, topics["group"]) and not may_settle(writer, topics["group"])


def test_councillors_and_referents_ask_for_a_group(cast):
    assert those(cast, may_ask_for_group) == {"alice", "bruno", "chloe", "emile", "referent", "away"}
    assert not may_ask_for_group(VISITOR)
