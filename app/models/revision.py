"""Versions: every saved state of a council's page and of what a council shares."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.models.types import UTCDateTime, utcnow
from app.models.user import User


def _aside(column):
    """Hold that a person keeps one unsaved state of a thing at most."""
    unsaved = text("number IS NULL")
    name = f"uq_revisions_{column}_unsaved"
    return Index(name, column, "author_id", unique=True, sqlite_where=unsaved, postgresql_where=unsaved)


class Revision(db.Model):
    """One state of the page of a council (`council_id`), or of a publication; of exactly one of the two.

    `content` holds the fields by name, as the form knows them. `number` counts the versions of one thing from 1; 0 is
    what was there before the first of them. It is None for what its author only previewed and has not saved: one such
    at most for each person and thing.
    """

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("council_id", "number"),
        UniqueConstraint("publication_id", "number"),
        _aside("council_id"),
        _aside("publication_id"),
        CheckConstraint("(council_id IS NULL) <> (publication_id IS NULL)", name="one_subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    council_id: Mapped[int | None] = mapped_column(ForeignKey("councils.id", ondelete="CASCADE"))
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"))
    number: Mapped[int | None]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    content: Mapped[dict] = mapped_column(JSON)
    comment: Mapped[str] = mapped_column(String(200), default="")

    author: Mapped[User | None] = relationship()
