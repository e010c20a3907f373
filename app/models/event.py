"""Events: when and where people meet, and what came of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.labels import PublicationKind
from app.models.publication import Publication
from app.models.types import UTCDateTime, utcnow


class Event(Publication):
    """An event. `time_zone` is that of its place, as an IANA name. `minutes` come after it; their files are marked."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_starts_at", "starts_at"),)
    __mapper_args__ = {"polymorphic_identity": PublicationKind.EVENT}

    id: Mapped[int] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)
    starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    time_zone: Mapped[str] = mapped_column(String(40), default="Europe/Paris")
    place: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    organiser: Mapped[str] = mapped_column(String(200), default="")
    agenda: Mapped[str] = mapped_column(Text, default="")
    agenda_html: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[str] = mapped_column(Text, default="")
    minutes_html: Mapped[str] = mapped_column(Text, default="")
    minutes_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def has_begun(self) -> bool:
        """Whether it is on, or over: from then on it may have minutes."""
        return self.starts_at is not None and self.starts_at <= utcnow()

    @property
    def is_over(self) -> bool:
        """Whether its end is past; its beginning, when nobody said until when."""
        end = self.ends_at or self.starts_at
        return end is not None and end < utcnow()
