"""The contents of files: kept and deleted in turn, so that none goes which another row has just come to name."""

import io
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import BinaryIO

from sqlalchemy import func, select

from app import storage
from app.extensions import db
from app.models import StoredFile
from app.storage import Staged

LOCK = 7068  # any number that no other advisory lock of PostgreSQL has here


def stage(source: bytes | BinaryIO, most: int | None = None) -> Staged:
    """Write a content down beside the others, ready to be kept: the slow part, before a write transaction.

    Raises `storage.TooLarge` after `most` bytes.
    """
    return storage.stage(io.BytesIO(source) if isinstance(source, bytes) else source, most)


def keep(content: bytes | Staged, **columns) -> StoredFile:
    """Store a content and return a new row that names it. Call it in a write transaction. `columns` are of the row.

    A large content is staged before.
    """
    staged = stage(content) if isinstance(content, bytes) else content
    _wait_for_turn()
    storage.save(staged)
    return StoredFile(digest=staged.digest, size=staged.size, **columns)


def again(file: StoredFile) -> StoredFile:
    """Return a new row that names the same content as `file`, for another thing to have. Call it in a write
    transaction."""
    _wait_for_turn()
    columns = ("digest", "size", "name", "media_type", "width", "height")
    return StoredFile(**{name: getattr(file, name) for name in columns})


def discard(staged: Staged) -> None:
    """Remove a staged content that nobody kept."""
    storage.discard(staged)


def delete_unused(digests: Collection[str]) -> None:
    """Delete those of these contents that no row names. Call it in a write transaction after the one that took the
    rows away: somebody may have kept the same content again meanwhile."""
    _wait_for_turn()
    named = select(StoredFile.digest).where(StoredFile.digest.in_(digests))
    for digest in set(digests).difference(db.session.scalars(named)):
        storage.delete(digest)


def drop_rows(files: Collection[StoredFile]) -> list[str]:
    """Delete rows of files; return the digests of the contents, to be given to `delete_unused` after the commit."""
    for file in set(files):
        db.session.delete(file)
    db.session.flush()
    return sorted({file.digest for file in files})


def discard_stale(age: timedelta) -> None:
    """Remove what was staged longer ago than that, by a process that died."""
    storage.discard_old(age.total_seconds())


def kept_longer(age: timedelta) -> Iterator[list[str]]:
    """Yield the digests of contents older than that, some hundreds at a time. A process that died between keeping a
    content and its commit, or between a commit and the end of a content, left it without a row."""
    return storage.kept_longer(age.total_seconds())


def _wait_for_turn():
    """Let one transaction at a time keep or delete contents; on SQLite, one at a time writes at all."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))
