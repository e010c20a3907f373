"""Instants from what a clock on the wall shows, in every time zone of France."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.phone import TERRITORIES, ZONES

MORNING, EVENING = time(8), time(18)  # when reminders leave
PARIS = "Europe/Paris"
EARLY = time(9)  # what begins before is recalled the evening before


def at(zone: str, day: date, clock: time) -> datetime:
    """Return the instant (UTC) when clocks in `zone` show `clock` on `day`.

    Shown twice, when summer time ends: the first of the two. Never shown, when it begins: the instant as far after
    the change as the clock would be (02:30 becomes 03:30), as PEP 495 says for fold=0.
    """
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def today() -> date:
    """Return the present day of the site: that of Paris. Days that are written, as the last one of a call, are its."""
    return datetime.now(ZoneInfo(PARIS)).date()


def zone_of(department: str | None) -> str:
    """Return the time zone (its IANA name) of the department with this code; that of Paris where none is known."""
    return ZONES[TERRITORIES.get(department, "FR")]


def clock(zone: str, instant: datetime) -> datetime:
    """Return what a clock on the wall of `zone` shows at an instant."""
    return instant.astimezone(ZoneInfo(zone))


def reminder_of(zone: str, starts_at: datetime) -> datetime:
    """Return when people are reminded of what begins at `starts_at` in `zone`: that morning at 8, or at 18 the evening
    before when it begins before 9."""
    local = clock(zone, starts_at)
    if local.time() < EARLY:
        return at(zone, local.date() - timedelta(days=1), EVENING)
    return at(zone, local.date(), MORNING)
