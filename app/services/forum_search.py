"""Searching what people say in the forum and in their groups, by its words."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import contains_eager, joinedload

from app.access import Viewer, readable, shown_messages
from app.extensions import db
from app.markup import trusted
from app.models import Category, Message, MessageText, Topic, User
from app.services import texts
from app.services.discussions import IN_ORDER
from app.services.shelves import BadCursor
from app.text import fold

PER_PAGE = 20
BEFORE, SHOWN = 80, 240  # characters of an excerpt: those before the first word that was looked for, and all
CURSOR = re.compile(r"[0-9]{1,10}")  # the id of a message
WORD = re.compile(r"\w+")
Piece = tuple[str, bool]


@dataclass(frozen=True)
class Hit:
    """A message that was found. `author` is None when their account is no more; `excerpt`: pieces of its text, each
    with whether it is a word that was looked for."""

    topic: Topic
    number: int
    created_at: datetime
    author: str | None
    excerpt: list[Piece]


@dataclass(frozen=True)
class Slice:
    """One page of what was found. `newer` and `older` are the cursors of the pages beside it, or None."""

    hits: list[Hit]
    newer: str | None
    older: str | None


def index(message: Message, title: str = "") -> None:
    """Write down the words that a message is found by, in the transaction that changes it; of the first one of a topic
    those of its `title` too."""
    db.session.flush()
    texts.write(texts.MESSAGES, message.id, [title, message.text])


def forget(message_ids: Collection[int]) -> None:
    """Have messages found no more, whose texts are erased."""
    db.session.execute(delete(MessageText).where(MessageText.message_id.in_(message_ids)))


def places(viewer: Viewer) -> list[Category]:
    """Return where the viewer may search: the rubrics of the forum in their order, then the places of their groups."""
    query = select(Category).outerjoin(Category.group).options(joinedload(Category.group))
    return list(db.session.scalars(query.where(readable(Category, viewer)).order_by(*IN_ORDER)))


def found(
    viewer: Viewer, question: str, place: Category | None = None, *, before: str = "", after: str = ""
) -> Slice | None:
    """Return the newest messages with all words of `question` that `viewer` may read, or those that follow a cursor;
    in one rubric, or the place of one group. None when there is no word to look for.

    Nothing is counted, and the pages cost the same wherever they are. What is hidden or was taken away is not found,
    not even by its author. Raises `BadCursor`.
    """
    matches = texts.matching(question, texts.MESSAGES, _said_in(place) if place and place.group_id else None)
    if matches is None:
        return None
    query = _messages(viewer).where(matches)
    query = query.where(Topic.category_id == place.id) if place else query
    if after:
        query = query.where(Message.id > _read(after)).order_by(Message.id)
    else:
        query = query.where(Message.id < _read(before)) if before else query
        query = query.order_by(Message.id.desc())
    rows = db.session.execute(query.limit(PER_PAGE + 1)).all()
    more, rows = len(rows) > PER_PAGE, rows[:PER_PAGE]
    if not rows:
        return Slice([], None, None)
    rows = rows[::-1] if after else rows
    has_newer, has_older = (more, True) if after else (bool(before), more)
    hits = [Hit(row.Topic, row.number, row.created_at, row.author, excerpt(row.html, question)) for row in rows]
    return Slice(hits, str(rows[0].id) if has_newer else None, str(rows[-1].id) if has_older else None)


def _said_in(place):
    """Return the query of the ids of what is said in the place of a group: little, beside all that the forum holds."""
    ids = select(Message.id).join(Topic, Topic.id == Message.topic_id)
    return ids.where(Topic.category_id == place.id).correlate(None)


def _messages(viewer):
    """Return the query of what can be found."""
    said = (Message.id, Message.number, Message.created_at, Message.html, User.name.label("author"))
    query = select(Topic, *said).join(Message, Message.topic_id == Topic.id).join(Topic.category)
    query = query.outerjoin(Category.group).outerjoin(User, User.id == Message.author_id)
    whole = contains_eager(Topic.category).contains_eager(Category.group)
    return query.options(whole).where(readable(Message, viewer), *shown_messages())


def _read(cursor):
    if not CURSOR.fullmatch(cursor) or int(cursor) >= 2**31:
        raise BadCursor(cursor)
    return int(cursor)


def excerpt(html: str, question: str) -> list[Piece]:
    """Return what a message says around the first word of `question` that is in it, or how it begins."""
    text = str(trusted(html).striptags())
    wanted = {stem for stems in texts.wanted_by(question) for stem in stems}
    first = next((match for match in WORD.finditer(text) if _is_wanted(match[0], wanted)), None)
    start, end = _window(text, first.start() if first else 0)
    return [("… ", False)] * (start > 0) + _pieces(text, start, end, wanted) + [(" …", False)] * (end < len(text))


def _window(text, position):
    """Return where an excerpt begins and ends: between words, where a blank is not far."""
    start = max(0, position - BEFORE)
    start = text.rfind(" ", max(0, start - texts.LONGEST), start) + 1 or start
    end = start + SHOWN
    blank = text.find(" ", end, end + texts.LONGEST)
    return start, min(len(text), end if blank < 0 else blank)


def _pieces(text, start, end, wanted):
    pieces, place = [], start
    for match in WORD.finditer(text, start, end):
        if _is_wanted(match[0], wanted):
            pieces += [(text[place : match.start()], False), (match[0], True)]
            place = match.end()
    return [piece for piece in [*pieces, (text[place:end], False)] if piece[0]]


def _is_wanted(word, wanted):
    """Tell whether a word as it was written is one that was looked for."""
    stems = [texts.stem(part) for part in fold(word).split() if part not in texts.STOP_WORDS]
    begun = tuple(stem.rstrip("*") for stem in wanted if stem.endswith("*"))
    return any(stem in wanted or stem.startswith(begun) for stem in stems)
