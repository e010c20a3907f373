"""What is new in the discussions that people follow: for their digests, when these are prepared and as they leave."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import and_, or_, select

from app.access import readable, viewer_of
from app.extensions import db
from app.labels import AlertTopic, DeliveryState, Rhythm
from app.models import (
    Activity,
    AlertChoice,
    Category,
    CategoryCursor,
    Delivery,
    Group,
    Message,
    Topic,
    TopicCursor,
    User,
    group_councils,
)
from app.notifications.discussions import POSTED
from app.notifications.links import site_address
from app.notifications.message import Line
from app.notifications.recipients import DISCUSSION
from app.templating import plural

RANKS = {2, 3}  # of the sections of a digest: the groups, then the forum
SLACK = timedelta(minutes=5)  # between a message and what is recorded of it
AT_ONCE = 100  # topics that one question asks for by the numbers of their messages
SHOWN = (Message.removed_at.is_(None), Message.hidden_at.is_(None), Topic.hidden_at.is_(None))


class Asked(NamedTuple):
    """Somebody whose digest is prepared: since when the discussions are to be told, and whether new messages are told
    at once by now."""

    since: datetime
    council_id: int | None
    is_told_at_once: bool


class Post(NamedTuple):
    """A message, without its text."""

    id: int
    number: int
    author_id: int | None
    created_at: datetime


class Subject(NamedTuple):
    """A topic as a digest names it; `group` is None in the forum."""

    id: int
    title: str
    slug: str
    category_id: int
    group_id: int | None
    group: str | None


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
    """What is new in a topic for a person: one message or more."""

    subject: Subject
    posts: tuple[Post, ...]

    @property
    def since(self) -> datetime:
        """When the newest message was written."""
        return self.posts[-1].created_at

    def section(self, person: User) -> tuple[int, str]:
        """Return the rank and the heading under which it stands."""
        return (2, f"Discussions : {self.subject.group}") if self.subject.group_id else (3, "Forum")

    def line(self) -> Line:
        """Return what a digest says of it."""
        subject, first, last = self.subject, self.posts[0].number, self.posts[-1].number
        view, state = "show" if first == 1 else "unread", _state(len(self.posts), first == 1)
        address = site_address(f"community.topics.{view}", topic_id=subject.id, slug=subject.slug)
        return Line(None, state, subject.title, address, topic_id=subject.id, first=first, last=last)


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
    subjects, posts = _written(lot, since, until)
    if not posts:
        return {}
    standings, councils = _standings(lot, subjects, since), _councils(subjects)
    told = _told_at_once(lot, [post.id for some in posts.values() for post in some])
    near = _near(subjects, posts, councils)
    found = {}
    for user_id, asked in lot.items():
        mine = standings.get(user_id, {})
        heard = []
        for topic_id in mine.keys() | near[asked.council_id]:
            subject, standing = subjects[topic_id], mine.get(topic_id, Standing())
            if subject.group_id and asked.council_id not in councils[subject.group_id]:
                continue
            new = [one for one in posts[topic_id] if one.created_at > asked.since and (user_id, one.id) not in told]
            heard += _heard(subject, new, standing, user_id)
        found[user_id] = heard
    return found


def _heard(subject, posts: Iterable[Post], standing: Standing, user_id: int) -> Iterator[Heard]:
    """Yield what is new in a topic for a person, if anything is."""
    new = (post for post in posts if post.author_id != user_id and standing.is_told(post, subject.group_id))
    if new := tuple(new):
        yield Heard(subject, new)


def _query():
    """Return the query of messages that may be told, with the topic of each."""
    columns = (Message.id, Message.number, Message.author_id, Message.created_at)
    topic = (Topic.id, Topic.title, Topic.slug, Topic.category_id, Category.group_id, Group.name)
    query = select(*columns, *(column.label(f"topic{number}") for number, column in enumerate(topic)))
    query = query.join(Topic, Topic.id == Message.topic_id).join(Category, Category.id == Topic.category_id)
    query = query.outerjoin(Group, Group.id == Category.group_id)
    return query.where(*SHOWN).order_by(Message.topic_id, Message.number)


def _gathered(rows):
    """Return what `_query` found: the topics by their id, and the messages of each in their order."""
    subjects, posts = {}, defaultdict(list)
    for row in rows:
        post, subject = Post(*row[:4]), Subject(*row[4:10])
        subjects[subject.id] = subject
        posts[subject.id].append(post)
    return subjects, posts


def _written(lot, since, until):
    """Return what was written in the longest window of these people, that may be for one of them."""
    followed = select(TopicCursor.topic_id).where(TopicCursor.user_id.in_(lot), TopicCursor.is_followed.is_(True))
    recorded = and_(
        Activity.subject_id == Message.id, Activity.subject_type == Message.__tablename__, Activity.verb == POSTED
    )
    query = _query().join(Activity, recorded).where(
        Activity.created_at > since - SLACK, Message.created_at > since, Message.created_at <= until,
        or_(Message.number == 1, Message.topic_id.in_(followed)),
    )  # fmt: skip
    return _gathered(db.session.execute(query))


def _standings(lot, subjects, since):
    """Return how each person stands to topics, by person and topic: to those that they follow, and to new ones."""
    topic, category = TopicCursor, CategoryCursor
    read = select(topic.user_id, topic.topic_id, topic.number, topic.is_followed).join(
        Topic, Topic.id == topic.topic_id
    )
    # Not the topics by their ids: SQLite would look for each of them at each person.
    matters = or_(topic.is_followed.is_(True), Topic.created_at > since - SLACK)
    read = read.where(topic.user_id.in_(lot), Topic.last_at > since - SLACK, matters)
    places = {subject.category_id for subject in subjects.values()}
    marked = select(category.user_id, category.category_id, category.read_at, category.is_followed)
    marked = marked.where(category.user_id.in_(lot), category.category_id.in_(places))
    found = defaultdict(dict)
    for user_id, topic_id, number, is_followed in db.session.execute(read):
        if topic_id in subjects:
            found[user_id][topic_id] = Standing(number, is_followed)
    inside = defaultdict(list)
    for subject in subjects.values():
        inside[subject.category_id].append(subject.id)
    for user_id, category_id, read_at, hears in db.session.execute(marked):
        for topic_id in inside[category_id]:
            known = found[user_id].get(topic_id, Standing())
            found[user_id][topic_id] = known._replace(read_at=read_at, hears=hears)
    return found


def _councils(subjects):
    """Return the ids of the councils of each group where something was written."""
    groups = {subject.group_id for subject in subjects.values() if subject.group_id}
    found = defaultdict(set)
    if groups:
        rows = select(group_councils).where(group_councils.c.group_id.in_(groups))
        for row in db.session.execute(rows):
            found[row.group_id].add(row.council_id)
    return found


def _near(subjects, posts, councils):
    """Return the ids of the new topics that members of each council are told of though they never said so: those of
    their groups."""
    found = defaultdict(set)
    for subject in subjects.values():
        if subject.group_id and posts[subject.id][0].number == 1:
            for council_id in councils[subject.group_id]:
                found[council_id].add(subject.id)
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
    standings, found = _standings_of(person, told), {}
    asked = [and_(Message.topic_id == one, Message.number.between(*told[one])) for one in standings]
    for start in range(0, len(asked), AT_ONCE):
        some = or_(*asked[start : start + AT_ONCE])
        subjects, posts = _gathered(db.session.execute(_query().where(some)))
        for topic_id, subject in subjects.items():
            for heard in _heard(subject, posts[topic_id], standings[topic_id], person.id):
                found[topic_id] = heard
    return found


def _never(person):
    chosen = select(AlertChoice.user_id).filter_by(user_id=person.id, topic=AlertTopic.FORUM, rhythm=Rhythm.NEVER)
    return chosen.limit(1)


def _standings_of(person, topic_ids):
    """Return how somebody stands to those of these topics that they may read."""
    topic, category = TopicCursor, CategoryCursor
    rows = (
        select(Topic.id, topic.number, topic.is_followed, category.read_at, category.is_followed)
        .outerjoin(topic, and_(topic.topic_id == Topic.id, topic.user_id == person.id))
        .outerjoin(category, and_(category.category_id == Topic.category_id, category.user_id == person.id))
        .where(Topic.id.in_(topic_ids), readable(Topic, viewer_of(person)))
    )
    return {row[0]: Standing(*row[1:]) for row in db.session.execute(rows)}
