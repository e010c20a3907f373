"""Events: when and where people meet, and what came of it."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, event, inspect, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.labels import PublicationKind
from app.localtime import clock, reminder_of
from app.models.publication import Publication
from app.models.territory import Territory, department_code
from app.models.types import UTCDateTime, utcnow


class Event(Publication):
    """An event. `time_zone` is that of its place, as an IANA name, and `day` the day that it begins there. `minutes`
    come after it; their files are marked.

    One that no council announces, but a referent or the animator, is for `territory`, or for the whole country; its
    `organiser` says who they are. `follows_id`: the event whose waiting list has the first choice of its places.
    `cancelled_at`: it will not take place, and its page says so. `remind_at`: when its reminders are due; None when
    they have left.

    With `takes_registrations`, people register: `seats` of them (None: as many as come), until `register_until` (None:
    until it begins), those whom `admission` lets in (a level; None: whoever may read it). `questions` are asked of
    them (values of `labels.Question`), and `own_question` in the words of the organiser.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_starts_at", "starts_at"),
        Index("ix_events_ends_at", "ends_at", "starts_at"),
        Index("ix_events_day", "day", "starts_at"),
        Index("ix_events_territory_id", "territory_id"),
        Index("ix_events_follows_id", "follows_id"),
        Index(
            "ix_events_register_until",
            "register_until",
            sqlite_where=text("register_until IS NOT NULL"),
            postgresql_where=text("register_until IS NOT NULL"),
        ),
        Index(
            "ix_events_remind_at",
            "remind_at",
            sqlite_where=text("remind_at IS NOT NULL"),
            postgresql_where=text("remind_at IS NOT NULL"),
        ),
    )
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

    day: Mapped[date | None]
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id", ondelete="SET NULL"))
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_reason: Mapped[str] = mapped_column(Text, default="")
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("events.id", ondelete="SET NULL"))
    remind_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    takes_registrations: Mapped[bool] = mapped_column(default=False)
    seats: Mapped[int | None]
    register_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    admission: Mapped[str | None] = mapped_column(String(8))
    questions: Mapped[list[str]] = mapped_column(JSON, default=list)
    own_question: Mapped[str] = mapped_column(String(200), default="")

    territory: Mapped[Territory | None] = relationship()
    follows: Mapped["Event | None"] = relationship(remote_side=id, foreign_keys=follows_id)

    @property
    def source(self) -> str:
        """Who announces it: its council; without one, whom its author says."""
        return self.council.name if self.council else self.organiser

    @property
    def town(self) -> str:
        """Where it is, in a few words: the communes of its council and their department, « Gex (01) »; of an event of
        no council, the territory that it is for. Nothing for the whole country."""
        if self.council is None:
            return self.territory.label if self.territory else ""
        return self.council.town

    @property
    def zone(self) -> str:
        """The time zone of those who announce it; without a council, that of its place."""
        return self.council.zone if self.council else self.time_zone

    @property
    def department_code(self) -> str | None:
        """The code of the department of those who announce it, which a short number of overseas depends on."""
        place = self.council.department if self.council else self.territory
        return department_code(place) if place else None

    @property
    def closes_at(self) -> datetime | None:
        """Until when one may register, as far as there are places."""
        return self.register_until or self.starts_at

    @property
    def asked(self) -> list[str]:
        """The codes of what is asked of those who register; « own » is the question in the organiser's words."""
        return [*self.questions, *["own"] * bool(self.own_question)]

    @property
    def takes_place(self) -> bool:
        """Whether it is announced, and was not cancelled."""
        return self.is_shown and self.cancelled_at is None

    @property
    def has_begun(self) -> bool:
        """Whether it is on, or over: from then on it may have minutes."""
        return self.starts_at is not None and self.starts_at <= utcnow()

    @property
    def is_over(self) -> bool:
        """Whether its end is past; its beginning, when nobody said until when."""
        end = self.ends_at or self.starts_at
        return end is not None and end < utcnow()


@event.listens_for(Event, "before_insert")
@event.listens_for(Event, "before_update")
def _note_day(mapper, connection, row):
    """Keep what follows from the beginning: the day in the calendar, and when its reminders are due."""
    state = inspect(row).attrs
    if state.starts_at.history.has_changes() or state.time_zone.history.has_changes():
        zone = row.time_zone or "Europe/Paris"  # the default is not there yet
        row.day = clock(zone, row.starts_at).date() if row.starts_at else None
        row.remind_at = reminder_of(zone, row.starts_at) if row.starts_at else None
