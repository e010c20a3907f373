"""Column types that behave the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, inspect
from sqlalchemy.types import TypeDecorator


def table_of(row) -> str:
    """Return the name of the table that numbers a row: for an event, that of all publications."""
    return inspect(row).mapper.base_mapper.local_table.name


def utcnow() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def only_one_of(*columns: str) -> str:
    """Return the SQL condition that exactly one of these columns has a value."""
    return " + ".join(f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in columns) + " = 1"


class UTCDateTime(TypeDecorator):
    """An aware instant, stored in UTC. SQLite would give it back without its time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
