"""Working groups: councils of a territory that the animator gathers, and that share things with one another."""

from datetime import datetime, timedelta

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.models.council import Council
from app.models.territory import Territory
from app.models.types import UTCDateTime, utcnow
from app.models.user import User

RETURN_WITHIN = timedelta(days=30)  # how long a council that left a group comes back by itself

group_councils = Table(
    "group_councils",
    db.metadata,
    Column("group_id", ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("council_id", ForeignKey("councils.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_group_councils_council_id", "council_id"),
)

group_request_councils = Table(
    "group_request_councils",
    db.metadata,
    Column("request_id", ForeignKey("group_requests.id", ondelete="CASCADE"), primary_key=True),
    Column("council_id", ForeignKey("councils.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_group_request_councils_council_id", "council_id"),
)


class Group(db.Model):
    """A working group. Its people are the active members of its councils. `territory`: the one it was made for, None
    for a list made by hand. Archived, it is read and nothing new is shared with it."""

    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(Text, default="")
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    councils: Mapped[list[Council]] = relationship(secondary=group_councils, order_by=(Council.name, Council.id))
    territory: Mapped[Territory | None] = relationship()

    @property
    def label(self) -> str:
        """Its name, and that it is archived."""
        return f"{self.name} (archivé)" if self.archived_at else self.name


class GroupRequest(db.Model):
    """A councillor's wish for a group: for a territory, or for councils that they chose. `group` is what came of it;
    decided without one, it was refused for `reason`."""

    __tablename__ = "group_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="SET NULL"), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")

    author: Mapped[User | None] = relationship()
    territory: Mapped[Territory | None] = relationship()
    group: Mapped[Group | None] = relationship()
    councils: Mapped[list[Council]] = relationship(
        secondary=group_request_councils, order_by=(Council.name, Council.id)
    )

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided."""
        return self.decided_at is None


class Departure(db.Model):
    """A council that left a group, by one of its members; for a while it can come back. `unshared`: the ids of what it
    had shared with the group and took away with it."""

    __tablename__ = "departures"

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    council_id: Mapped[int] = mapped_column(ForeignKey("councils.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    left_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    reason: Mapped[str] = mapped_column(Text, default="")
    unshared: Mapped[list | None] = mapped_column(JSON(none_as_null=True))

    user: Mapped[User | None] = relationship()
    council: Mapped[Council] = relationship()
    group: Mapped[Group] = relationship()


Index("ix_departures_council_id", Departure.council_id)
