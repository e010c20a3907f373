"""Who follows discussions: a topic, to be told of its messages; a rubric or a group, to be told of its new topics."""

from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload

from app.access import Viewer, readable
from app.extensions import db, insert
from app.labels import DEFAULT_RHYTHM, AlertTopic, Rhythm
from app.models import AlertChoice, Category, CategoryCursor, Group, Topic, TopicCursor, User
from app.notifications.recipients import DIGEST, DISCUSSION
from app.services import alerts
from app.services.discussions import IN_ORDER

SHOWN = 20  # of each kind, on the page of what one follows
CURSORS = {Topic: (TopicCursor, "topic_id"), Category: (CategoryCursor, "category_id")}
HEARD = {  # how what is new in a discussion is told, at each rhythm
    Rhythm.NOW: "vous recevrez un courriel {}",
    Rhythm.DAILY: "le courriel de chaque jour vous dira ce qui est nouveau",
    Rhythm.WEEKLY: "le courriel de chaque semaine vous dira ce qui est nouveau",
}


def begin(topic: Topic, user: User) -> None:
    """Let somebody who writes in a topic follow it, unless they have said no: of this topic, or of all of their own.
    How far they have read stays as it is. Call it in a write transaction."""
    if user.follows_own_topics:
        _write(topic, user, on=True, where=TopicCursor.is_followed.is_(None))


def set_topic(topic: Topic, user: User, on: bool) -> None:
    """Let somebody be told of what is written in a topic, or not any more. Twice is the same."""
    _write(topic, user, on, where=TopicCursor.is_followed.is_not(on))


def set_category(category: Category, user: User, on: bool) -> None:
    """Let somebody be told of the new topics of a rubric, or of a group, or not any more. Twice is the same."""
    _write(category, user, on, where=CategoryCursor.is_followed.is_not(on))


def _write(row, user, on, where):
    """Write down a choice in one statement: two at once make one row."""
    model, name = CURSORS[type(row)]
    upsert = insert(model).values({"user_id": user.id, name: row.id, "is_followed": on})
    keys = ["user_id", name]
    db.session.execute(upsert.on_conflict_do_update(index_elements=keys, set_={"is_followed": on}, where=where))


def follows_category(category: Category, user: User) -> bool:
    """Tell whether `user`, who may read a rubric, is told of its new topics: the members of a group are until they say
    no."""
    chosen = select(CategoryCursor.is_followed).filter_by(user_id=user.id, category_id=category.id)
    choice = db.session.scalar(chosen)
    return category.group_id is not None if choice is None else choice


# What one hears ----------------------------------------------------------------------------------------------------


def rhythm_of(user: User) -> Rhythm:
    """Return how often `user` wants to be told of discussions."""
    chosen = select(AlertChoice.rhythm).filter_by(user_id=user.id, topic=AlertTopic.FORUM)
    return Rhythm(db.session.scalar(chosen) or DEFAULT_RHYTHM[AlertTopic.FORUM])


def heard(user: User) -> tuple[str, str]:
    """Return how `user` is told of what they follow, with braces where « pour chaque réponse » goes ("" when they are
    not), and why no mail tells them: the end of a sentence, "" when one does."""
    rhythm = rhythm_of(user)
    if rhythm == Rhythm.NEVER:
        return "", "vous avez choisi de ne pas recevoir de courriels sur les discussions"
    why = alerts.unheard(user, DISCUSSION if rhythm == Rhythm.NOW else DIGEST)
    return "" if why else HEARD[rhythm], why


def unheard(user: User) -> str:
    """Return why no mail tells `user` of the discussions that they follow: the end of a sentence; "" when one does."""
    return heard(user)[1]


# What one follows --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Followed:
    """Some of the topics and rubrics that somebody follows, and how many others there are."""

    topics: list[Topic]
    other_topics: int
    categories: list[Category]
    other_categories: int

    def __bool__(self) -> bool:
        return bool(self.topics or self.categories)


def some_followed(viewer: Viewer) -> Followed:
    """Return what `viewer` follows and may read: the topics, where something was written last first; the rubrics of the
    forum, then the groups. A bounded number of each."""
    topics = _followed_topics(viewer)
    categories = _followed_categories(viewer)
    return Followed(
        *_some(topics.order_by(Topic.last_at.desc(), Topic.id.desc())),
        *_some(categories.order_by(*IN_ORDER)),
    )


def count_followed(viewer: Viewer) -> int:
    """Return how many topics, rubrics and groups `viewer` follows, and may read."""
    return _count(_followed_topics(viewer)) + _count(_followed_categories(viewer))


def _some(found):
    rows = list(db.session.scalars(found.limit(SHOWN)))
    return rows, _count(found) - SHOWN if len(rows) == SHOWN else 0


def _count(found):
    return db.session.scalar(select(func.count()).select_from(found.order_by(None).subquery()))


def _followed_topics(viewer):
    mine = and_(TopicCursor.topic_id == Topic.id, TopicCursor.user_id == (viewer.user_id or 0))
    followed = select(Topic).join(TopicCursor, mine).where(TopicCursor.is_followed.is_(True))
    return followed.where(readable(Topic, viewer))


def _followed_categories(viewer):
    mine = and_(CategoryCursor.category_id == Category.id, CategoryCursor.user_id == (viewer.user_id or 0))
    by_default = and_(CategoryCursor.is_followed.is_(None), Category.group_id.is_not(None))
    followed = select(Category).outerjoin(Group, Group.id == Category.group_id).outerjoin(CategoryCursor, mine)
    followed = followed.where(or_(CategoryCursor.is_followed.is_(True), by_default), Group.archived_at.is_(None))
    return followed.where(readable(Category, viewer)).options(joinedload(Category.group))
