"""Who comes to an event, who waits for a place, and who does not come after all."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.labels import RegistrationStatus
from app.models.event import Event
from app.models.types import UTCDateTime, utcnow
from app.models.user import User

HOLDING = (RegistrationStatus.CONFIRMED, RegistrationStatus.OFFERED)  # these take a seat
STANDING = (*HOLDING, RegistrationStatus.WAITING)  # these are told what happens to the event


def _where(condition):
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Registration(db.Model):
    """One person at one event: with an account (`user_id`), or with a mail address or a mobile number of their own; a
    person whom the organiser wrote down (`entered_by_id`) may have neither.

    `key` tells people apart, so that the same person registers once (see `services.registrations`). `answers` holds
    what they said, by the code of the question. `queued_at`: since when they wait their turn, which makes the order
    of the list. `placed_at`: when they got their place. `offered_until`: until when a place is kept for them to say
    yes. `ended_at`: when they cancelled, or let an offer pass. `code_digest`, `code_expires_at` and `code_tries` are
    of the code sent to a number. `erased_at`: who it was is forgotten.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        UniqueConstraint("event_id", "key"),
        Index("ix_registrations_turn", "event_id", "status", "queued_at", "id"),
        Index("ix_registrations_user_id", "user_id"),
        Index("ix_registrations_entered_by_id", "entered_by_id"),
        Index("ix_registrations_offered_until", "offered_until", **_where("offered_until IS NOT NULL")),
        Index("ix_registrations_unconfirmed", "created_at", **_where("status = 'unconfirmed'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    key: Mapped[str] = mapped_column(String(260))
    name: Mapped[str] = mapped_column(String(170))
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    answers: Mapped[dict] = mapped_column(JSON, default=dict)
    status: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    queued_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    placed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    offered_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    code_digest: Mapped[str] = mapped_column(String(64), default="")
    code_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    code_tries: Mapped[int] = mapped_column(default=0)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    event: Mapped[Event] = relationship()
    user: Mapped[User | None] = relationship(foreign_keys=user_id)
    entered_by: Mapped[User | None] = relationship(foreign_keys=entered_by_id)

    @property
    def is_standing(self) -> bool:
        """Whether this person comes, or may still come."""
        return self.status in STANDING
