"""Accounts: a named person, what they chose to be told, and where they are logged in."""

from datetime import datetime, timedelta

from flask_login import UserMixin
from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, case
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.labels import Rhythm, Role, UserStatus
from app.models.council import Council
from app.models.file import StoredFile
from app.models.territory import Territory
from app.models.types import UTCDateTime, utcnow

GONE = "un ancien membre"  # whoever closed their account
ANSWERED_WITHIN = timedelta(hours=48)  # what a sign-up is promised

referent_territories = Table(
    "referent_territories",
    db.metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("territory_id", ForeignKey("territories.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_referent_territories_territory_id", "territory_id"),
)


class User(UserMixin, db.Model):
    """An account. `email` is in small letters; a closed account keeps its row, without anything personal.

    The clock of the 48 hours starts at `confirmed_at`. `escalated_at`: the request went to the referent and the
    animator; `late_at`: nobody had answered in time, and they were told once more. `why` is the reason of a refusal
    or a suspension. `letter_since`: when the monthly letter was asked for. `former_visit_at`: when the visit before
    this one ended. `digest_at`: when the next digest is due; `daily_until` and `weekly_until`: up to when the
    digests have told. `agenda_key`: what makes the address of the personal calendar secret; None: there is none.
    `closing_at`: when a closure that can still be undone takes effect. `signs_contributions` is False when what was
    shared is withdrawn on closure. `follows_own_topics`: whoever writes in a topic is told of what others write there.
    """

    __tablename__ = "users"
    __table_args__ = (
        Index("ix_users_council_id", "council_id", "status"),
        Index("ix_users_status", "status", "confirmed_at"),
        Index("ix_users_digest_at", "digest_at"),
        Index("ix_users_agenda_key", "agenda_key", unique=True),
        {"sqlite_autoincrement": True},  # an id that was somebody's stands in links and in the journal
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(10), default=Role.MEMBER)
    council_id: Mapped[int | None] = mapped_column(ForeignKey("councils.id", ondelete="SET NULL"))
    college: Mapped[str | None] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(Text, default="")
    presentation: Mapped[str] = mapped_column(Text, default="")
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id", ondelete="SET NULL"), index=True)

    status: Mapped[str] = mapped_column(String(12), default=UserStatus.UNCONFIRMED)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    escalated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    late_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    why: Mapped[str] = mapped_column(Text, default="")

    phone: Mapped[str | None] = mapped_column(String(20))
    phone_confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    letter_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    alerts_paused_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    digest_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    daily_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    weekly_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    agenda_key: Mapped[str | None] = mapped_column(String(32))

    organisation: Mapped[str] = mapped_column(String(200), default="")
    public_contact: Mapped[str] = mapped_column(String(254), default="")

    last_seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    former_visit_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    warned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closing_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    signs_contributions: Mapped[bool] = mapped_column(default=True)
    follows_own_topics: Mapped[bool] = mapped_column(default=True)

    council: Mapped[Council | None] = relationship()
    photo: Mapped[StoredFile | None] = relationship()
    decided_by: Mapped["User | None"] = relationship(remote_side=id)
    territories: Mapped[list[Territory]] = relationship(
        secondary=referent_territories, order_by=(Territory.name, Territory.code)
    )
    alert_choices: Mapped[list["AlertChoice"]] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    token = None  # the secret of the login that this request came with

    @hybrid_property
    def name(self) -> str:
        """First and last name, as others read it."""
        if self.status == UserStatus.CLOSED:
            return GONE
        return f"{self.first_name} {self.last_name}"

    @name.inplace.expression
    @classmethod
    def _name(cls):
        return case((cls.status == UserStatus.CLOSED, GONE), else_=cls.first_name + " " + cls.last_name)

    @property
    def is_authenticated(self) -> bool:
        """Whether somebody is logged in; those who wait for their validation are, too."""
        return True

    @property
    def due_at(self) -> datetime | None:
        """When the sign-up should have its answer, at the latest."""
        return self.confirmed_at and self.confirmed_at + ANSWERED_WITHIN

    @property
    def is_active(self) -> bool:
        """Whether this person may do what members do."""
        return self.status == UserStatus.ACTIVE

    def get_id(self) -> str:
        """Return the secret of this login, which can be revoked, rather than a number, which cannot."""
        return self.token


class AlertChoice(db.Model):
    """How one person wants to be told of one topic; without a row, the defaults of the site. `told_until`: up to when
    digests have told of it, where that is not what all topics of its rhythm share: it was told at another rhythm."""

    __tablename__ = "alert_choices"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(10), primary_key=True)
    rhythm: Mapped[str] = mapped_column(String(6), default=Rhythm.NOW)
    by_sms: Mapped[bool] = mapped_column(default=False)
    told_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Login(db.Model):
    """One browser where somebody is logged in. Only the hash of its secret is kept."""

    __tablename__ = "logins"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    is_long: Mapped[bool] = mapped_column(default=False)


class PhoneCode(db.Model):
    """The code that was sent to a number, to prove that it is this person's."""

    __tablename__ = "phone_codes"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    phone: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    tries: Mapped[int] = mapped_column(default=0)


class Vouch(db.Model):
    """A peer's word on a pending sign-up; `reason` goes with « this is no member »."""

    __tablename__ = "vouches"
    __table_args__ = (UniqueConstraint("candidate_id", "peer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    peer_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    answer: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    candidate: Mapped[User] = relationship(foreign_keys=candidate_id)
    peer: Mapped[User] = relationship(foreign_keys=peer_id)
