"""What is new in the discussions that people follow: for their digests, when these are prepared and as they leave."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from app.access import Viewer, may_answer, readable, shown_messages, viewer_of
from app.extensions import db
from app.labels import AlertTopic, DeliveryState, Rhythm
from app.models import (
    Activity,
    AlertChoice,
    Category,
    CategoryCursor,
    Delivery,
    Message,
    Topic,
    TopicCursor,
    User,
    group_councils,
)
from app.notifications.discussions import POSTED, reply_address
from app.notifications.links import site_address
from app.notifications.message import Line
from app.notifications.recipients import DISCUSSION
from app.templating import plural

RANKS = {2, 3}  # of the sections of a digest: the groups, then the forum
SLACK = timedelta(minutes=5)  # between a message and what is recorded of it
AT_ONCE = 100  # topics that one question asks for by the numbers of their messages


class Asked(NamedTuple):
    """Somebody whose digest is prepared: since when the discussions are to be told, and whether new messages are told
    at once by now."""

    since: datetime
    viewer: Viewer
    is_told_at_once: bool


class Post(NamedTuple):
    """A message, without its text."""

    id: int
    number: int
    author_id: int | None
    created_at: datetime


class Standing(NamedTuple):
    """How a person stands to a topic: up to which message they have read it, since when they have marked its rubric as
    read, and whether they are told of its answers, and that it is new."""

    number: int | None = None
    is_followed: bool | None = None
    read_at: datetime | None = None
    hears: bool | None = None

    def is_told(self, post: Post, group_id: int | None) -> bool:
        """Tell whether the person is told of a message that they have not read, as `recipients.hearers` and `not_seen`
        say of one message."""
        if post.number <= (self.number or 0) or (self.read_at and post.created_at <= self.read_at):
            return False
        if post.number > 1:
            return bool(self.is_followed)
        return group_id is not None if self.hears is None else self.hears


@dataclass(frozen=True)
class Heard:
    """What is new in a topic for a person, one message or more, and whether they may write there."""

    topic: Topic
    posts: tuple[Post, ...]
    may_answer: bool

    @property
    def since(self) -> datetime:
        """When the newest message was written."""
        return self.posts[-1].created_at

    def section(self, person: User) -> tuple[int, str]:
        """Return the rank and the heading under which it stands."""
        group = self.topic.category.group
        return (2, f"Discussions : {group.name}") if group else (3, "Forum")

    def line(self) -> Line:
        """Return what a digest says of it."""
        topic, first, last = self.topic, self.posts[0].number, self.posts[-1].number
        view, state = "show" if first == 1 else "unread", _state(len(self.posts), first == 1)
        address = site_address(f"community.topics.{view}", topic_id=topic.id, slug=topic.slug)
        answer = reply_address(topic, last) if self.may_answer else None
        return Line(None, state, topic.title, address, answer=answer, topic_id=topic.id, first=first, last=last)


@lru_cache(256)  # thousands of digests say the same
def _state(count, is_new):
    """Say what is new in a topic: so many messages, the first one of it among them or not."""
    if not is_new:
        return plural(count, "nouveau message", "nouveaux messages")
    return "Nouveau sujet" + (f", {plural(count - 1, 'réponse', 'réponses')}" if count > 1 else "")


# When digests are prepared ------------------------------------------------------------------------------------------


def news(lot: dict[int, Asked], until: datetime) -> dict[int, list[Heard]]:
    """Return what is new for each of these people, by their id, in the discussions that they follow and may read, up
    to an instant: not what they wrote or have read, nor what was told to them at once."""
    if not lot:
        return {}
    since = min(asked.since for asked in lot.values())
    topics, posts = _written(lot, since, until)
    if not posts:
        return {}
    standings, councils = _standings(lot, topics, since), _councils(topics)
    told = _told_at_once(lot, [post.id for some in posts.values() for post in some])
    near = _near(topics, posts, councils)
    found = {}
    for user_id, asked in lot.items():
        mine = standings.get(user_id, {})
        heard = []
        council_id = asked.viewer.council_id
        for topic_id in mine.keys() | near[council_id]:
            topic, standing = topics[topic_id], mine.get(topic_id, Standing())
            if topic.category.group_id and council_id not in councils[topic.category.group_id]:
                continue
            new = [one for one in posts[topic_id] if one.created_at > asked.since and (user_id, one.id) not in told]
            heard += _heard(topic, new, standing, asked.viewer)
        found[user_id] = heard
    return found


def _heard(topic, posts: Iterable[Post], standing: Standing, viewer: Viewer) -> Iterator[Heard]:
    """Yield what is new in a topic for a person, if anything is."""
    group_id = topic.category.group_id
    new = (post for post in posts if post.author_id != viewer.user_id and standing.is_told(post, group_id))
    if new := tuple(new):
        yield Heard(topic, new, may_answer(viewer, topic))


def _query():
    """Return the query of messages that may be told, each after the id of its topic."""
    query = select(Message.topic_id, Message.id, Message.number, Message.author_id, Message.created_at)
    query = query.join(Topic, Topic.id == Message.topic_id)
    return query.where(*shown_messages()).order_by(Message.topic_id, Message.number)


def _gathered(rows):
    """Return what `_query` found: the topics by their id, and the messages of each in their order."""
    posts = defaultdict(list)
    for topic_id, *post in rows:
        posts[topic_id].append(Post(*post))
    place = joinedload(Topic.category).joinedload(Category.group)
    found = select(Topic).where(Topic.id.in_(posts)).options(place).execution_options(populate_existing=True)
    topics = {topic.id: topic for topic in db.session.scalars(found)} if posts else {}
    return topics, posts


def _written(lot, since, until):
    """Return what was written in the longest window of these people, that may be for one of them."""
    followed = select(TopicCursor.topic_id).where(TopicCursor.user_id.in_(lot), TopicCursor.is_followed.is_(True))
    recorded = select(Activity.subject_id).where(  # more than once for what was taken away and put back
        Activity.subject_type == Message.__tablename__, Activity.verb == POSTED, Activity.created_at > since - SLACK
    )
    query = _query().where(
        Message.id.in_(recorded), Message.created_at > since, Message.created_at <= until,
        or_(Message.number == 1, Message.topic_id.in_(followed)),
    )  # fmt: skip
    return _gathered(db.session.execute(query))


def _standings(lot, topics, since):
    """Return how each person stands to topics, by person and topic: to those that they follow, and to new ones."""
    topic, category = TopicCursor, CategoryCursor
    read = select(topic.user_id, topic.topic_id, topic.number, topic.is_followed).join(
        Topic, Topic.id == topic.topic_id
    )
    # Not the topics by their ids: SQLite would look for each of them at each person.
    matters = or_(topic.is_followed.is_(True), Topic.created_at > since - SLACK)
    read = read.where(topic.user_id.in_(lot), Topic.last_at > since - SLACK, matters)
    places = {one.category_id for one in topics.values()}
    marked = select(category.user_id, category.category_id, category.read_at, category.is_followed)
    marked = marked.where(category.user_id.in_(lot), category.category_id.in_(places))
    found = defaultdict(dict)
    for user_id, topic_id, number, is_followed in db.session.execute(read):
        if topic_id in topics:
            found[user_id][topic_id] = Standing(number, is_followed)
    inside = defaultdict(list)
    for one in topics.values():
        inside[one.category_id].append(one.id)
    for user_id, category_id, read_at, hears in db.session.execute(marked):
        for topic_id in inside[category_id]:
            known = found[user_id].get(topic_id, Standing())
            found[user_id][topic_id] = known._replace(read_at=read_at, hears=hears)
    return found


def _councils(topics):
    """Return the ids of the councils of each group where something was written."""
    groups = {topic.category.group_id for topic in topics.values() if topic.category.group_id}
    found = defaultdict(set)
    if groups:
        rows = select(group_councils).where(group_councils.c.group_id.in_(groups))
        for row in db.session.execute(rows):
            found[row.group_id].add(row.council_id)
    return found


def _near(topics, posts, councils):
    """Return the ids of the new topics that members of each council are told of though they never said so: those of
    their groups."""
    found = defaultdict(set)
    for topic in topics.values():
        if (group_id := topic.category.group_id) and posts[topic.id][0].number == 1:
            for council_id in councils[group_id]:
                found[council_id].add(topic.id)
    return found


def _told_at_once(lot, message_ids):
    """Return what mails have told or are about to tell: (person, message). Of those that still wait, the ones for
    whoever wants digests by now do not leave."""
    rows = select(Delivery.person_id, Delivery.message_id, Delivery.state).where(
        Delivery.person_id.in_(lot), Delivery.message_id.between(min(message_ids), max(message_ids)),
        Delivery.kind == DISCUSSION, Delivery.state != DeliveryState.FAILED,
    )  # fmt: skip
    return {
        (user_id, message_id)
        for user_id, message_id, state in db.session.execute(rows)
        if state != DeliveryState.WAITING or lot[user_id].is_told_at_once
    }


# As a digest leaves -------------------------------------------------------------------------------------------------


def left(person: User, told: dict[int, tuple[int, int]]) -> dict[int, Heard]:
    """Return what is still new for somebody of what their digest tells of topics, by their ids: `told` has the numbers
    of the first and of the last message of each. Nothing for whoever wants to be told of no discussion any more."""
    if not told or db.session.scalar(_never(person)):
        return {}
    viewer, found = viewer_of(person), {}
    standings = _standings_of(viewer, told)
    asked = [and_(Message.topic_id == one, Message.number.between(*told[one])) for one in standings]
    for start in range(0, len(asked), AT_ONCE):
        some = or_(*asked[start : start + AT_ONCE])
        topics, posts = _gathered(db.session.execute(_query().where(some)))
        for topic_id, topic in topics.items():
            for heard in _heard(topic, posts[topic_id], standings[topic_id], viewer):
                found[topic_id] = heard
    return found


def _never(person):
    chosen = select(AlertChoice.user_id).filter_by(user_id=person.id, topic=AlertTopic.FORUM, rhythm=Rhythm.NEVER)
    return chosen.limit(1)


def _standings_of(viewer, topic_ids):
    """Return how somebody stands to those of these topics that they may read."""
    topic, category = TopicCursor, CategoryCursor
    rows = (
        select(Topic.id, topic.number, topic.is_followed, category.read_at, category.is_followed)
        .outerjoin(topic, and_(topic.topic_id == Topic.id, topic.user_id == viewer.user_id))
        .outerjoin(category, and_(category.category_id == Topic.category_id, category.user_id == viewer.user_id))
        .where(Topic.id.in_(topic_ids), readable(Topic, viewer))
    )
    return {row[0]: Standing(*row[1:]) for row in db.session.execute(rows)}
