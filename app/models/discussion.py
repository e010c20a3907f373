"""Discussions: rubrics, their topics and messages, and how far each person has read."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from app.extensions import db
from app.models.group import Group
from app.models.types import UTCDateTime, utcnow
from app.models.user import User

LONGEST = 10_000  # characters of a message
EDITABLE_FOR = timedelta(hours=1)  # how long its author corrects a message
KEPT_FOR = timedelta(days=30)  # how long its author can put back a message that they took away


class Category(db.Model):
    """A rubric of the forum, by `slug` and in the order of `position`; or the one place where a group discusses, which
    has no slug. Closed, it is read and not written."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str | None] = mapped_column(String(90), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    description: Mapped[str] = mapped_column(String(300), default="")
    position: Mapped[int] = mapped_column(default=0)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), unique=True)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    group: Mapped[Group | None] = relationship()

    @property
    def is_open(self) -> bool:
        """Whether those who read it may write there."""
        return self.closed_at is None and (self.group is None or self.group.archived_at is None)


class Topic(db.Model):
    """A subject that people discuss. It is read by whoever reads its rubric.

    `last_number` and `last_at` are those of its newest message. `answer_number`: the message that answers the question
    it began with. `key` is that of the form that made it. `removed_at`: its author took its first message away, before
    anybody had answered.
    """

    __tablename__ = "topics"
    __table_args__ = (
        Index("ix_topics_category_id", "category_id", "is_pinned", "last_at", "id"),
        Index("ix_topics_author_id", "author_id"),
        {"sqlite_autoincrement": True},  # an id that was something's stands in links
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    key: Mapped[str] = mapped_column(String(32), unique=True)
    title: Mapped[str] = mapped_column(String(150))
    slug: Mapped[str] = mapped_column(String(90))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    last_number: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    is_pinned: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer_number: Mapped[int | None]
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_reason: Mapped[str] = mapped_column(Text, default="")

    category: Mapped[Category] = relationship()
    author: Mapped[User | None] = relationship()


class Message(db.Model):
    """What somebody says in a topic. Messages are numbered 1, 2, … and never renumbered: what was taken away leaves
    its place, so that the page and the address of the others stay.

    `html` is the whole text, `opening` how a long one begins on the pages of its topic ("": it is shown whole).
    `has_files` and `has_cards` tell whether there is anything to look up. `removed_at`: its author took it away, and
    can put it back for a while; then the text is erased.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("topic_id", "number"),
        Index("ix_messages_author_id", "author_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"))
    number: Mapped[int]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    key: Mapped[str] = mapped_column(String(32), unique=True)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    opening: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    has_files: Mapped[bool] = mapped_column(default=False)
    has_cards: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    hidden_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_reason: Mapped[str] = mapped_column(Text, default="")

    topic: Mapped[Topic] = relationship()
    author: Mapped[User | None] = relationship()


# What pages show of `answer_number`: nothing while that message is taken away or hidden.
Topic.answer = column_property(
    select(Message.number)
    .where(Message.topic_id == Topic.id, Message.number == Topic.answer_number)
    .where(Message.removed_at.is_(None), Message.hidden_at.is_(None))
    .correlate_except(Message)
    .scalar_subquery(),
    deferred=True,
)


class MessageLink(db.Model):
    """What a message points to among the things that councils share: shown as a card to those who may read it."""

    __tablename__ = "message_links"
    __table_args__ = (Index("ix_message_links_publication_id", "publication_id"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)


class MessageText(db.Model):
    """The stems of the words of a message; of the first one, those of the title too. The migrations put an index of
    words beside it, as for publications."""

    __tablename__ = "message_texts"

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    words: Mapped[str] = mapped_column(Text)


class TopicCursor(db.Model):
    """Up to which message a person has read a topic, and whether they follow it. `is_followed`: None for somebody who
    never said so; False for somebody who wanted no more of it and does not begin again by writing there."""

    __tablename__ = "topic_cursors"
    __table_args__ = (Index("ix_topic_cursors_topic_id", "topic_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    is_followed: Mapped[bool | None]


class CategoryCursor(db.Model):
    """Since when a person has marked a whole rubric as read, and whether they are told of its new topics.
    `is_followed`: None for the members of a group stands for True."""

    __tablename__ = "category_cursors"
    __table_args__ = (Index("ix_category_cursors_category_id", "category_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id", ondelete="CASCADE"), primary_key=True)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    is_followed: Mapped[bool | None]
