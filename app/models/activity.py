"""What happened, as rows: the source of alerts and digests."""

from datetime import datetime

from sqlalchemy import JSON, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db
from app.models.types import UTCDateTime, utcnow


class Activity(db.Model):
    """A domain event, written in the transaction of what it tells: « document published ».

    `verb` names the rule that finds whom to tell (see `notifications.dispatch`); `subject_type` and `subject_id` are
    the row it is about. `data`: what it was before, where that is told. `dispatched_at` is set by the one process that
    turns it into deliveries.
    """

    __tablename__ = "activities"
    __table_args__ = (
        Index(
            "ix_activities_new",
            "id",
            sqlite_where=text("dispatched_at IS NULL"),
            postgresql_where=text("dispatched_at IS NULL"),
        ),
        Index("ix_activities_subject_id", "subject_id", "subject_type"),
        Index("ix_activities_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    verb: Mapped[str] = mapped_column(String(40))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    actor_id: Mapped[int | None]
    data: Mapped[dict | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    next_attempt_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    dispatched_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
