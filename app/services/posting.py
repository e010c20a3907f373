"""Writing in discussions: topics and messages, corrected within the hour, taken away and put back."""

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, select

from app.extensions import db
from app.markup import render
from app.models import Category, Message, Topic, User
from app.models.types import utcnow
from app.notifications import discussions as told
from app.notifications import dispatch
from app.services import cards, discussions, forum_search, listening
from app.text import slug

LONG, OPENING = 1_800, 1_200  # characters: a longer message is cut on the pages of its topic, after about so many
SENTENCE_END = re.compile(r"[.!?…]\s")
MOST_QUOTED = 600  # characters
TWICE = timedelta(minutes=30)  # for which the same words again are the same message
NESTED = re.compile(r"^>.*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Words:
    """What somebody wrote, and its safe HTML: whole, and how a long text begins ("" for others)."""

    text: str
    html: str
    opening: str


def rendered(text: str) -> Words:
    """Return a text with what is stored beside it; addresses in it repeat no titles (see `cards.shorten`). Slow: call
    it before a write transaction. Raises `TextTooComplex`."""
    text = cards.shorten(text)
    return Words(text, render(text), render(beginning(text)) if len(text) > LONG else "")


def beginning(text: str) -> str:
    """Return how a long text begins: some whole paragraphs, or some sentences of the first one."""
    if (end := text.rfind("\n\n", 0, OPENING)) > OPENING // 3:
        return text[:end]
    ends = [match.end() for match in SENTENCE_END.finditer(text, 0, OPENING)]
    end = ends[-1] if ends else text.rfind(" ", 0, OPENING)
    return text[: end if end > 0 else OPENING].rstrip() + " …"


def quote(author: str, text: str) -> str:
    """Return a message as another one quotes it: with who wrote it, shortened, without what it quotes itself."""
    own = NESTED.sub("", text).strip() or text
    if len(own) > MOST_QUOTED:
        own = own[:MOST_QUOTED].rsplit(" ", 1)[0] + " …"
    lines = [f"**{author}** a écrit :", "", *own.split("\n")]
    return "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"


def is_taken(key: str) -> bool:
    """Tell whether a message with this key is there, whoever wrote it."""
    return db.session.scalar(select(exists().where(Message.key == key)))


def twin(
    author: User, words: Words, *, topic: Topic | None = None, category: Category | None = None, title: str = ""
) -> Message | None:
    """Return the message that says the same, by the same person a short while ago in the same topic, or as the
    beginning of a topic with the same title: a form that was filled in again by the way back."""
    same = select(Message).join(Message.topic).where(
        Message.author_id == author.id, Message.text == words.text, Message.created_at > utcnow() - TWICE,
        Message.removed_at.is_(None),
    )  # fmt: skip
    if topic is not None:
        same = same.where(Message.topic_id == topic.id)
    else:
        same = same.where(Message.number == 1, Topic.title == title, Topic.category_id == category.id)
    return db.session.scalar(same.order_by(Message.id.desc()).limit(1))


def open_topic(category: Category, author: User, *, key: str, title: str, words: Words) -> Message:
    """Begin a topic; return its first message. `key` is that of the form. Call it in a write transaction."""
    now = utcnow()
    topic = Topic(
        category=category, author_id=author.id, key=key, title=title, slug=address(title), created_at=now, last_at=now,
        last_number=0, is_pinned=False,
    )  # fmt: skip
    db.session.add(topic)
    db.session.flush()
    return post(topic, author, key=key, words=words)


def address(title: str) -> str:
    """Return what a title is in an address."""
    return slug(title) or "sujet"


def post(topic: Topic, author: User, *, key: str, words: Words) -> Message:
    """Add a message at the end of a topic, whose row is locked; its writer follows the topic from now on, and whoever
    is to be told is told. Call it in a write transaction."""
    topic.last_number, topic.last_at = topic.last_number + 1, utcnow()
    message = Message(
        topic=topic, number=topic.last_number, author_id=author.id, key=key, created_at=topic.last_at, **vars(words)
    )
    db.session.add(message)
    db.session.flush()
    _look_up(message)
    listening.begin(topic, author)
    discussions.note_written(author.id, topic.id, message.number)
    dispatch.record(told.POSTED, message, author.id)
    return message


def correct(message: Message, words: Words, title: str | None = None) -> None:
    """Change the text of a message, and the title of the topic that it begins; others see that it was changed. The same
    text again is no change."""
    if title is not None and title != message.topic.title:
        message.topic.title, message.topic.slug = title, address(title)
        message.edited_at = utcnow()
    if words.text != message.text:
        message.text, message.html, message.opening = words.text, words.html, words.opening
        message.edited_at = utcnow()
    db.session.flush()
    _look_up(message)


def _look_up(message):
    """Note the words that a message is found by, and what it points to."""
    forum_search.index(message, message.topic.title if message.number == 1 else "")
    cards.link(message)


def take_back(message: Message) -> None:
    """Take a message away, at its author's wish: its place stays, and its text for a while. With the only message of a
    topic goes the topic. What was the answer to the topic's question is so no more."""
    topic = message.topic
    message.removed_at = utcnow()
    if topic.last_number == 1:
        topic.removed_at = message.removed_at
    if topic.answer_number == message.number:
        topic.answer_number = None
    db.session.flush()


def put_back(message: Message) -> None:
    """Put back a message that its author had taken away, and the topic that went with it. Those who were not told of
    it, because it was away when they were to be, are told now."""
    was_told = message.removed_at is None or told.was_told(message)
    message.removed_at = message.topic.removed_at = None
    if not was_told:
        dispatch.record(told.POSTED, message, message.author_id)
    db.session.flush()
