"""Discussions as one person finds them: rubrics with their last topics, topics page by page, what is unread there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import (
    Boolean,
    Row,
    and_,
    bindparam,
    case,
    func,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.orm import aliased, contains_eager, undefer

from app.access import Viewer, listed_topics, readable, shown_topics, unveiled
from app.extensions import db, insert
from app.models import Category, CategoryCursor, Council, Group, Message, Topic, TopicCursor, User
from app.models.types import UTCDateTime
from app.services.shelves import cursor, read_cursor

PER_PAGE = 20  # messages, and topics
MOST_COUNTED = 200  # topics of a rubric, the newest first, that are looked at to count what is unread
LAST = 3  # topics of each rubric on the first page
# Viewers whose queries are kept: writing one costs as much as asking it, and who reads a page reads the next one.
SEEN_OF_LATE = 128
PINNED = "e"  # begins the cursor of a page that ends within the pinned topics
KEYS = ["user_id", "topic_id"]
# Rubrics of the forum, then the groups; those that are archived last.
IN_ORDER = (Category.group_id.is_not(None), Group.archived_at.is_not(None), Category.position, Group.name, Category.id)
DESCENDING = (Topic.is_pinned.desc(), Topic.last_at.desc(), Topic.id.desc())


@dataclass(frozen=True)
class Unread:
    """What somebody has not read of a topic. `count`: how many messages; None where they have never opened a topic
    that is older than their account. `first`: the number of the first one, where it is known."""

    count: int | None
    first: int | None


@dataclass(frozen=True)
class Line:
    """A topic in a list. `last_author` wrote the newest message; `unread` is None when all is read."""

    topic: Row
    unread: Unread | None


@dataclass(frozen=True)
class Slice:
    """One page of the topics of a rubric. `newer` and `older` are the cursors of the pages beside it, or None."""

    lines: list[Line]
    newer: str | None
    older: str | None


@dataclass(frozen=True)
class Shelf:
    """A rubric on the first page of the forum: its last topics, and how many of its topics have something unread;
    there may be more than `MOST_COUNTED`, where `is_more`."""

    category: Category
    unread: int
    lines: list[Line]

    @property
    def is_more(self) -> bool:
        """Whether there may be more than was counted."""
        return self.unread >= MOST_COUNTED


@dataclass(frozen=True)
class Opened:
    """A topic as one person finds it: up to which number they have read it (0: they have never opened it), since when
    what is written there is new to them if they have not, and whether they follow it."""

    topic: Topic
    number: int
    since: datetime
    is_followed: bool

    def joins(self, first: int) -> bool:
        """Tell whether what they read from message `first` on follows what they have read: otherwise something between
        is still to be read. Whoever comes for the first time begins where they like."""
        return self.number == 0 or first <= self.number + 1

    def is_unread(self, message: Row) -> bool:
        """Tell whether a message of the topic is new to them."""
        return message.number > self.number if self.number else message.created_at > self.since


# Lists of topics ---------------------------------------------------------------------------------------------------


def shelves(user: User, viewer: Viewer) -> list[Shelf]:
    """Return the rubrics that somebody may read, those of the forum before those of groups, in their order."""
    rows = db.session.execute(_shelves(viewer), {"joined_at": user.created_at}).all()
    lines = last_topics([category.id for category, _ in rows], user, viewer)
    return [Shelf(category, unread, lines.get(category.id, [])) for category, unread in rows]


def count_unread(user: User, viewer: Viewer) -> int:
    """Return how many topics have something new for somebody, in all that they may read."""
    return sum(unread for _, unread in db.session.execute(_shelves(viewer), {"joined_at": user.created_at}))


@lru_cache(SEEN_OF_LATE)
def _shelves(viewer):
    return (
        select(Category, _count_unread(viewer))
        .outerjoin(Group, Group.id == Category.group_id)
        .outerjoin(CategoryCursor, _is_of(viewer, CategoryCursor, Category.id))
        .options(contains_eager(Category.group))
        .where(readable(Category, viewer))
        .order_by(*IN_ORDER)
    )


def _count_unread(viewer):
    """Return the count of the topics of a rubric that have something new, among the newest ones: it costs the same in
    a rubric of any size."""
    recent = select(Topic.id, Topic.last_number, Topic.last_at)
    recent = recent.where(Topic.category_id == Category.id, *shown_topics()).correlate(Category)
    recent = recent.order_by(*DESCENDING).limit(MOST_COUNTED).subquery().c
    since = func.coalesce(CategoryCursor.read_at, bindparam("joined_at", type_=UTCDateTime))
    read = aliased(TopicCursor)
    known = and_(read.topic_id == recent.id, read.user_id == viewer.user_id)
    number = func.nullif(read.number, 0)
    is_new = case((number.is_(None), recent.last_at > since), else_=number < recent.last_number)
    counted = select(func.count()).select_from(recent.id.table.outerjoin(read, known)).where(is_new)
    return counted.correlate(Category, CategoryCursor).scalar_subquery()


def last_topics(category_ids: Iterable[int], user: User, viewer: Viewer, most: int = LAST) -> dict[int, list[Line]]:
    """Return the newest topics of each of these rubrics, which `viewer` may read, the pinned ones like all others."""
    ids, found = tuple(category_ids), {}
    for row in db.session.execute(_newest(viewer, ids, most)) if ids else ():
        found.setdefault(row.category_id, []).append(_line(row, user))
    return {category_id: lines[:most] for category_id, lines in found.items()}


@lru_cache(SEEN_OF_LATE)
def _newest(viewer, category_ids, most):
    """Pinned topics stand apart in the index: of each rubric, so many of both are looked at."""
    newest = [
        select(
            select(Topic.id)
            .where(Topic.category_id == category_id, Topic.is_pinned.is_(is_pinned))
            .order_by(*DESCENDING)
            .limit(most)
            .subquery()
        )
        for category_id in category_ids
        for is_pinned in (True, False)
    ]
    return _lines(viewer).where(Topic.id.in_(union_all(*newest))).order_by(Topic.last_at.desc(), Topic.id.desc())


def topics(category: Category, user: User, viewer: Viewer, *, before: str = "", after: str = "") -> Slice:
    """Return the topics of a rubric, which `viewer` may read: the pinned ones, then those that were written in last; or
    those that follow a cursor. A page costs the same wherever it is. Raises `BadCursor`."""
    place = {"category": category.id} | (_read(after or before) if after or before else {})
    found = db.session.execute(_topics(viewer, bool(before), bool(after)), place).all()
    more, rows = len(found) > PER_PAGE, found[-PER_PAGE:] if after else found[:PER_PAGE]
    if not rows:
        return Slice([], None, None)
    has_newer, has_older = (more, True) if after else (bool(before), more)
    first, last = _place(rows[0]), _place(rows[-1])
    return Slice([_line(row, user) for row in rows], first if has_newer else None, last if has_older else None)


@lru_cache(SEEN_OF_LATE)
def _topics(viewer, is_before, is_after):
    ids = select(Topic.id).where(Topic.category_id == bindparam("category"))
    place = tuple_(Topic.is_pinned, Topic.last_at, Topic.id)
    known = tuple_(bindparam("is_pinned", type_=Boolean), bindparam("at", type_=UTCDateTime), bindparam("id"))
    if is_after:
        ids = ids.where(place > known).order_by(Topic.is_pinned, Topic.last_at, Topic.id)
    else:
        ids = (ids.where(place < known) if is_before else ids).order_by(*DESCENDING)
    return _lines(viewer).where(Topic.id.in_(ids.limit(PER_PAGE + 1))).order_by(*DESCENDING)


def _place(row):
    return PINNED * row.is_pinned + cursor(row.last_at, row.id)


def _read(text):
    at, row_id = read_cursor(text.removeprefix(PINNED))
    return {"is_pinned": text.startswith(PINNED), "at": at, "id": row_id}


def _lines(viewer):
    """Return the query of topics as lists show them: with the newest message's author, and what the person has read."""
    last, writer = aliased(Message), aliased(User)
    return (
        select(
            Topic.id, Topic.category_id, Topic.title, Topic.slug, Topic.created_at, Topic.last_number, Topic.last_at,
            Topic.is_pinned, Topic.closed_at, Topic.answer, Topic.hidden_at, writer.name.label("last_author"),
            TopicCursor.number.label("read_number"), CategoryCursor.read_at.label("all_read_at"),
        )
        .outerjoin(last, and_(last.topic_id == Topic.id, last.number == Topic.last_number))
        .outerjoin(writer, writer.id == last.author_id)
        .outerjoin(TopicCursor, _is_of(viewer, TopicCursor, Topic.id))
        .outerjoin(CategoryCursor, _is_of(viewer, CategoryCursor, Topic.category_id))
        .where(listed_topics(viewer))
    )  # fmt: skip


def _is_of(viewer, model, row_id):
    column = model.topic_id if model is TopicCursor else model.category_id
    return and_(model.user_id == (viewer.user_id or 0), column == row_id)


def _line(row, user):
    return Line(row, unread_of(row, row.read_number, row.all_read_at or user.created_at))


def unread_of(topic: Row | Topic, read_number: int | None, since: datetime) -> Unread | None:
    """Return what is unread of a topic for somebody who has read it up to a number (0, None: who never opened it); what
    is older than `since` is nothing new to them."""
    if read_number:
        count = topic.last_number - read_number
        return Unread(count, read_number + 1) if count > 0 else None
    if topic.last_at <= since:
        return None
    return Unread(topic.last_number, 1) if topic.created_at > since else Unread(None, None)


# One topic ---------------------------------------------------------------------------------------------------------


def opened(topic_id: int, user: User, viewer: Viewer) -> Opened | None:
    """Return a topic with its rubric, and how far somebody has read it; None when they may not read it."""
    row = db.session.execute(_opened(viewer), {"topic": topic_id}).one_or_none()
    return Opened(row[0], row[1] or 0, row[2] or user.created_at, bool(row[3])) if row else None


@lru_cache(SEEN_OF_LATE)
def _opened(viewer):
    return (
        select(Topic, TopicCursor.number, CategoryCursor.read_at, TopicCursor.is_followed)
        .join(Topic.category)
        .outerjoin(Category.group)
        .outerjoin(TopicCursor, _is_of(viewer, TopicCursor, Topic.id))
        .outerjoin(CategoryCursor, _is_of(viewer, CategoryCursor, Topic.category_id))
        .options(undefer(Topic.answer), contains_eager(Topic.category).contains_eager(Category.group))
        .where(Topic.id == bindparam("topic"), readable(Topic, viewer))
    )


def messages(topic_id: int, viewer: Viewer, first: int, last: int) -> list[Row]:
    """Return the messages of a topic, which `viewer` may read, from one number to another. `body` is the HTML of
    what is shown there: nothing where they do not get it, how it begins (`is_cut`) where it is long."""
    numbers = {"topic": topic_id, "first": first, "last": last}
    return db.session.execute(_messages(viewer), numbers).all()


@lru_cache(SEEN_OF_LATE)
def _messages(viewer):
    shown = case((Message.opening != "", Message.opening), else_=Message.html)
    return (
        select(
            Message.id, Message.number, Message.author_id, Message.created_at, Message.edited_at, Message.has_files,
            Message.has_cards, Message.removed_at, Message.hidden_at, Message.hidden_reason,
            case((unveiled(viewer), shown), else_="").label("body"), (Message.opening != "").label("is_cut"),
            User.name.label("author"), User.role, Council.name.label("council"), Council.slug.label("council_slug"),
        )
        .join(Topic, Topic.id == Message.topic_id)
        .outerjoin(User, User.id == Message.author_id)
        .outerjoin(Council, Council.id == User.council_id)
        .where(Message.topic_id == bindparam("topic"), Message.number.between(bindparam("first"), bindparam("last")))
        .order_by(Message.number)
    )  # fmt: skip


def first_unread(found: Opened) -> int:
    """Return the number of the message where somebody goes on reading: the first one that is new to them, or the last
    one of all."""
    topic = found.topic
    if found.number:
        return min(found.number + 1, topic.last_number)
    newer = select(func.min(Message.number)).where(Message.topic_id == topic.id, Message.created_at > found.since)
    return db.session.scalar(newer) or 1


# What was read -----------------------------------------------------------------------------------------------------


def note_read(user_id: int, topic_id: int, number: int) -> None:
    """Note that somebody has read a topic up to a message. The mark never goes back: two pages at once leave the
    farther one."""
    _mark(user_id, topic_id, number, TopicCursor.number < number)


def note_written(user_id: int, topic_id: int, number: int) -> None:
    """Note that somebody has read their own message, with all before it if they had read that, or nothing at all."""
    _mark(user_id, topic_id, number, TopicCursor.number.in_([0, number - 1]))


def _mark(user_id, topic_id, number, where):
    row = insert(TopicCursor).values(user_id=user_id, topic_id=topic_id, number=number)
    db.session.execute(row.on_conflict_do_update(index_elements=KEYS, set_={"number": number}, where=where))


def mark_all_read(category: Category, user: User, until: datetime) -> None:
    """Note that somebody wants nothing of a rubric shown as unread that was written up to an instant, when they saw the
    list."""
    keys = ["user_id", "category_id"]
    row = insert(CategoryCursor).values(user_id=user.id, category_id=category.id, read_at=until)
    db.session.execute(row.on_conflict_do_update(index_elements=keys, set_={"read_at": until}))
    earlier = (Message.topic_id == TopicCursor.topic_id, Message.created_at <= until)
    newest = select(func.max(Message.number)).where(*earlier).scalar_subquery()
    here = select(Topic.id).where(Topic.category_id == category.id)
    mine = update(TopicCursor).where(TopicCursor.user_id == user.id, TopicCursor.topic_id.in_(here))
    mine = mine.where(TopicCursor.number < newest).values(number=newest)
    db.session.execute(mine.execution_options(synchronize_session=False))
