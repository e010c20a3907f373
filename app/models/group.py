"""Working groups: councils of a territory that the animator gathers, and that share things with one another."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.models.council import Council
from app.models.types import UTCDateTime, utcnow

group_councils = Table(
    "group_councils",
    db.metadata,
    Column("group_id", ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("council_id", ForeignKey("councils.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_group_councils_council_id", "council_id"),
)


class Group(db.Model):
    """A working group. Its people are the active members of its councils."""

    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    councils: Mapped[list[Council]] = relationship(secondary=group_councils, order_by=(Council.name, Council.id))
