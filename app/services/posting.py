"""Writing in discussions: topics and messages, corrected within the hour, taken away and put back."""

import re
from dataclasses import dataclass

from sqlalchemy import exists, select

from app.extensions import db
from app.markup import render
from app.models import Category, Message, Topic, User
from app.models.types import utcnow
from app.notifications import dispatch
from app.notifications.discussions import POSTED
from app.services import cards, discussions, forum_search, listening
from app.text import slug

LONG, OPENING = 1_800, 1_200  # characters: a longer message is cut on the pages of its topic, after about so many
SENTENCE_END = re.compile(r"[.!?…]\s")
MOST_QUOTED = 600  # characters
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


def made_by(model: type[Topic | Message], key: str, author: User) -> Topic | Message | None:
    """Return what the form with this key has made already."""
    return db.session.scalar(select(model).where(model.key == key, model.author_id == author.id))


def is_taken(key: str) -> bool:
    """Tell whether a message with this key is there, whoever wrote it."""
    return db.session.scalar(select(exists().where(Message.key == key)))


def open_topic(category: Category, author: User, *, key: str, title: str, words: Words) -> Topic:
    """Begin a topic with its first message; `key` is that of the form. Call it in a write transaction."""
    now = utcnow()
    topic = Topic(
        category=category, author_id=author.id, key=key, title=title, slug=address(title), created_at=now, last_at=now,
        last_number=0, is_pinned=False,
    )  # fmt: skip
    db.session.add(topic)
    db.session.flush()
    post(topic, author, key=key, words=words)
    return topic


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
    discussions.note_read(author.id, topic.id, message.number)
    dispatch.record(POSTED, message, author.id)
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
    """Take a message away, at its author's wish: its place stays, and its text for a while. What was the answer to the
    topic's question is so no more."""
    message.removed_at = utcnow()
    if message.topic.answer_number == message.number:
        message.topic.answer_number = None
    db.session.flush()


def put_back(message: Message) -> None:
    """Put back a message that its author had taken away."""
    message.removed_at = None
    db.session.flush()
