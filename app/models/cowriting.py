"""What several people need to write one document: who is at it, what could not be merged, what was adopted, who follows
it."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.models.publication import Publication
from app.models.types import UTCDateTime, utcnow
from app.models.user import User
from app.packing import unpack


class Presence(db.Model):
    """Somebody who has the form of a document open: in which part (its title; empty: the whole text), since when, and
    when the site last heard of it."""

    __tablename__ = "presences"
    __table_args__ = (Index("ix_presences_user_id", "user_id"), Index("ix_presences_seen_at", "seen_at"))

    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[str] = mapped_column(String(200), default="")
    since: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    user: Mapped[User] = relationship()


class SideVersion(db.Model):
    """A text that somebody sent and that could not be merged, or came too late, or was only previewed: kept until it is
    settled or dismissed (`closed_at`, by `closed_by`), and some days more.

    `part` is the number of the part that it is to stand for, in the version that it started from (`base_number`; 0:
    that is not kept any more); None: it is the whole text. `title` is that of the part. `key` tells the sending of a
    form from all others, so that one that comes twice is kept once. `reason` is one of `labels.SIDE_REASON`, `outcome`
    of `labels.SideOutcome`; None: it waits. `settled_number`: the version that it became. `settles_id`: of what was
    only previewed, the other text put aside that it is to settle.
    """

    __tablename__ = "side_versions"
    __table_args__ = (
        UniqueConstraint("publication_id", "key"),
        Index("ix_side_versions_author_id", "author_id"),
        Index("ix_side_versions_closed_by_id", "closed_by_id"),
        Index("ix_side_versions_settles_id", "settles_id"),
        Index("ix_side_versions_closed_at", "closed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    base_number: Mapped[int]
    part: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(String(10))
    packed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    key: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    outcome: Mapped[str | None] = mapped_column(String(10))
    settled_number: Mapped[int | None]
    settles_id: Mapped[int | None] = mapped_column(ForeignKey("side_versions.id", ondelete="SET NULL"))

    publication: Mapped[Publication] = relationship()
    author: Mapped[User | None] = relationship(foreign_keys=author_id)
    closed_by: Mapped[User | None] = relationship(foreign_keys=closed_by_id)

    @property
    def text(self) -> str:
        """What was typed."""
        return unpack(self.packed)


class Adoption(db.Model):
    """A version that was adopted: nobody changes the text until a member lifts it. Both are kept for good."""

    __tablename__ = "adoptions"
    __table_args__ = (
        Index(
            "uq_adoptions_publication_id_standing",
            "publication_id",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
        Index("ix_adoptions_publication_id", "publication_id"),
        Index("ix_adoptions_adopted_by_id", "adopted_by_id"),
        Index("ix_adoptions_lifted_by_id", "lifted_by_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"))
    number: Mapped[int]  # the version
    adopted_on: Mapped[date]  # by the council, which may have met before
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    adopted_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    lifted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))

    adopted_by: Mapped[User | None] = relationship(foreign_keys=adopted_by_id)
    lifted_by: Mapped[User | None] = relationship(foreign_keys=lifted_by_id)


class Follow(db.Model):
    """Somebody who is told of the changes of a document; with `is_on` False, somebody who wanted no more of them and
    does not begin again by writing there."""

    __tablename__ = "follows"
    __table_args__ = (Index("ix_follows_publication_id", "publication_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)
    is_on: Mapped[bool] = mapped_column(default=True)
    since: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
