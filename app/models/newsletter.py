"""The monthly letter: its issues, what stands in them, and who asked for it without having an account."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.labels import IssueState
from app.models.article import Article
from app.models.publication import Publication
from app.models.stamp import ShownToVisitors
from app.models.types import UTCDateTime, utcnow
from app.models.user import User

LEFT = (IssueState.LEAVING, IssueState.STOPPED, IssueState.SENT)  # it left, or began to: nobody changes it any more


class NewsletterIssue(ShownToVisitors, db.Model):
    """The letter of one month, told by the month's first day. It is drafted from what was published from `since` until
    `until`.

    `sections` are the names of its sections, in their order. `version` counts the saves. `recalled_at`: when the
    animators were last reminded of the draft. `send_at`: when it is to leave; `decided_by` said so. `content`: what is
    sent, drawn up once as it begins to leave, so that all get the same. `recipients`: how many people it is written
    to, `prepared_at`: when the last of them was; then `sent`, `failed`, `unwanted` (who wanted no more
    of it before it left) and `stopped` (who unsubscribed by it) are its figures.
    """

    __tablename__ = "newsletter_issues"

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(String(10), default=IssueState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    subject: Mapped[str] = mapped_column(String(78), default="")
    introduction: Mapped[str] = mapped_column(Text, default="")
    introduction_html: Mapped[str] = mapped_column(Text, default="")
    sections: Mapped[list] = mapped_column(JSON, default=list)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    until: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    recalled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    send_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    content: Mapped[dict | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    prepared_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    recipients: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    unwanted: Mapped[int] = mapped_column(default=0)
    stopped: Mapped[int] = mapped_column(default=0)

    decided_by: Mapped[User | None] = relationship()
    items: Mapped[list["NewsletterItem"]] = relationship(
        order_by="NewsletterItem.position", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def slug(self) -> str:
        """Its month as its address says it: « 2026-11 »."""
        return f"{self.month:%Y-%m}"

    @property
    def has_left(self) -> bool:
        """Whether it left, or began to."""
        return self.state in LEFT

    @property
    def concerns_visitors(self) -> bool:
        """Whether a page for visitors shows it."""
        return self.has_left


class NewsletterItem(db.Model):
    """One thing in an issue: an article, something that a council shares, or (without either) a few words of the
    animator's own. `is_dropped`: the animator left it out. `facts`: date, place, source, in one line."""

    __tablename__ = "newsletter_items"
    __table_args__ = (CheckConstraint("article_id IS NULL OR publication_id IS NULL", name="one_subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("newsletter_issues.id", ondelete="CASCADE"), index=True)
    section: Mapped[str] = mapped_column(String(10))
    position: Mapped[int]
    is_dropped: Mapped[bool] = mapped_column(default=False)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), index=True)
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(500), default="")

    article: Mapped[Article | None] = relationship()
    publication: Mapped[Publication | None] = relationship()


class Subscriber(db.Model):
    """A mail address whose owner, without an account that is open, asked for the letter (`created_at`) and proved that
    it is theirs (`confirmed_at`)."""

    __tablename__ = "subscribers"
    __table_args__ = (CheckConstraint("address <> ''", name="some_address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(254), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    confirmed_at: Mapped[datetime] = mapped_column(UTCDateTime)
