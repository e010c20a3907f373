"""The contents of files: kept and deleted in turn, so that none goes which another row has just come to name."""

from collections.abc import Collection

from sqlalchemy import func, select

from app import storage
from app.extensions import db
from app.models import StoredFile

LOCK = 7068  # any number that no other advisory lock of PostgreSQL has here


def keep(content: bytes, **columns) -> StoredFile:
    """Store a content and return a new row that names it. Call it in a write transaction. `columns` are of the row."""
    _wait_for_turn()
    return StoredFile(digest=storage.save(content), size=len(content), **columns)


def delete_unused(digests: Collection[str]) -> None:
    """Delete those of these contents that no row names. Call it in a write transaction after the one that took the
    rows away: somebody may have kept the same content again meanwhile."""
    _wait_for_turn()
    named = select(StoredFile.digest).where(StoredFile.digest.in_(digests))
    for digest in set(digests).difference(db.session.scalars(named)):
        storage.delete(digest)


def _wait_for_turn():
    """Let one transaction at a time keep or delete contents; on SQLite, one at a time writes at all."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))
