"""The outbox: one row for each message to one person, and what is known of the addresses it goes to."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db
from app.labels import DeliveryState
from app.models.types import UTCDateTime, utcnow


class Delivery(db.Model):
    """One mail or SMS to one person, written in the transaction of what it tells.

    `key` says what it tells to whom: the same key twice is the same delivery. `content` is the message (see
    `notifications.message`), emptied some time after it left. `is_in_flight` is set just before the message is
    handed over, so that after a crash one knows which outcome is unknown. `useful_until`: nobody wants it later.
    `publication_id`, `message_id`: what it tells of, if `person_id` may still read it when it leaves. `issue_id`: the
    issue of the letter that it is, whose text all its mails share. `segments` and
    `cost_cents` are what it has cost, or may have, in all its attempts, and `charged_at` the last of these: the month
    it counts in.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "channel", "state", "priority", "next_attempt_at"),
        Index("ix_deliveries_sent_at", "channel", "sent_at"),
        Index("ix_deliveries_charged_at", "channel", "charged_at"),
        Index("ix_deliveries_recipient", "recipient"),
        Index(
            "ix_deliveries_publication_id",
            "publication_id",
            sqlite_where=text("publication_id IS NOT NULL"),
            postgresql_where=text("publication_id IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_message_id",
            "message_id",
            sqlite_where=text("message_id IS NOT NULL"),
            postgresql_where=text("message_id IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_issue_id",
            "issue_id",
            "state",
            sqlite_where=text("issue_id IS NOT NULL"),
            postgresql_where=text("issue_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    channel: Mapped[str] = mapped_column(String(4))
    kind: Mapped[str] = mapped_column(String(40))
    priority: Mapped[int]
    recipient: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200), default="")
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activities.id", ondelete="SET NULL"), index=True)
    council_id: Mapped[int | None] = mapped_column(ForeignKey("councils.id", ondelete="SET NULL"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publications.id", ondelete="SET NULL"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    issue_id: Mapped[int | None] = mapped_column(ForeignKey("newsletter_issues.id", ondelete="SET NULL"))
    subject: Mapped[str] = mapped_column(String(200))
    content: Mapped[dict | None] = mapped_column(JSON(none_as_null=True))

    state: Mapped[str] = mapped_column(String(10), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    first_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    useful_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    owner: Mapped[str | None] = mapped_column(String(60))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    is_in_flight: Mapped[bool] = mapped_column(default=False)
    is_maybe_double: Mapped[bool] = mapped_column(default=False)
    provider_id: Mapped[str | None] = mapped_column(String(200))
    segments: Mapped[int] = mapped_column(default=0)
    cost_cents: Mapped[float] = mapped_column(default=0)
    charged_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Address(db.Model):
    """What is known of a mail address or a number: how often it was refused for good, and since when it is off."""

    __tablename__ = "addresses"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(4))
    address: Mapped[str] = mapped_column(String(254))
    refusals: Mapped[int] = mapped_column(default=0)
    off_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(String(300), default="")


class OptOut(db.Model):
    """A person's « no more of these »: one kind of message (or « * ») at one address."""

    __tablename__ = "opt_outs"
    __table_args__ = (UniqueConstraint("channel", "address", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(4))
    address: Mapped[str] = mapped_column(String(254))
    kind: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
