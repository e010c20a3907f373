"""Versions: every saved state of a council's page, of what a council shares, and of an article."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.models.types import UTCDateTime, only_one_of, utcnow
from app.models.user import User
from app.packing import unpack


def _aside(column):
    """Hold that a person keeps one unsaved state of a thing at most."""
    unsaved = text("number IS NULL")
    name = f"uq_revisions_{column}_unsaved"
    return Index(name, column, "author_id", unique=True, sqlite_where=unsaved, postgresql_where=unsaved)


class Revision(db.Model):
    """One state of the page of a council (`council_id`), of a publication, or of an article; of exactly one of them.

    `content` holds the fields by name, as the form knows them. `number` counts the versions of one thing from 1; 0 is
    what was there before the first of them. It is None for what its author only previewed and has not saved: one such
    at most for each person and thing.

    The long text of a collaborative document is kept apart, in few bytes (`packed`): whole, or as its difference from
    that of a former version (`base`), which is whole. `added` and `removed` are the words that this version brought and
    took away, None where nobody has counted them. `key` tells the sending of a form from all others: sent twice, it
    makes one version.
    """

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("council_id", "number"),
        UniqueConstraint("publication_id", "number"),
        UniqueConstraint("article_id", "number"),
        UniqueConstraint("publication_id", "key", name="uq_revisions_publication_id_key"),
        _aside("council_id"),
        _aside("publication_id"),
        _aside("article_id"),
        CheckConstraint(only_one_of("council_id", "publication_id", "article_id"), name="one_subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    council_id: Mapped[int | None] = mapped_column(ForeignKey("councils.id", ondelete="CASCADE"))
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    number: Mapped[int | None]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    fields: Mapped[dict] = mapped_column("content", JSON)
    packed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    base_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"), index=True)
    added: Mapped[int | None]
    removed: Mapped[int | None]
    key: Mapped[str | None] = mapped_column(String(64))
    comment: Mapped[str] = mapped_column(String(200), default="")

    author: Mapped[User | None] = relationship()
    base: Mapped["Revision | None"] = relationship(remote_side=id)

    @property
    def content(self) -> dict:
        """All fields by name."""
        return self.fields if self.packed is None else {**self.fields, "description": self.text}

    @content.setter
    def content(self, content):
        self.fields = content

    @property
    def text(self) -> str:
        """The long text alone."""
        if self.packed is None:
            return self.fields.get("description", "")
        return unpack(self.packed, self.base.text if self.base else "")
