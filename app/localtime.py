"""Instants from what a clock on the wall shows, in every time zone of France."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from app.phone import TERRITORIES, ZONES


def at(zone: str, day: date, clock: time) -> datetime:
    """Return the instant (UTC) when clocks in `zone` show `clock` on `day`.

    Shown twice, when summer time ends: the first of the two. Never shown, when it begins: the instant as far after
    the change as the clock would be (02:30 becomes 03:30), as PEP 495 says for fold=0.
    """
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def zone_of(department: str | None) -> str:
    """Return the time zone (its IANA name) of the department with this code; that of Paris where none is known."""
    return ZONES[TERRITORIES.get(department, "FR")]


def clock(zone: str, instant: datetime) -> datetime:
    """Return what a clock on the wall of `zone` shows at an instant."""
    return instant.astimezone(ZoneInfo(zone))
