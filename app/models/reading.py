"""Who has read what of late: what somebody has seen on the site is not told to them once more."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db
from app.models.types import UTCDateTime, utcnow


class Reading(db.Model):
    """The last time that a person opened the page of a publication, kept for some weeks."""

    __tablename__ = "readings"
    __table_args__ = (
        Index("ix_readings_publication_id", "publication_id"),
        Index("ix_readings_read_at", "read_at"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)
    read_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
