"""Old versions of texts that several people write, made fewer for the operator: see `RULE`."""

import re
from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Row, Text, cast, delete, func, select, update

from app.extensions import db
from app.models import Adoption, Document, Publication, Revision, SideVersion
from app.models.types import utcnow
from app.templating import PARIS

LEAST_DAYS = 30  # forms stay open that long at most: what they start from is still there
BATCH = 200  # versions that one transaction deletes
RULE = (
    "Quand une même personne a enregistré plusieurs fois de suite le même jour, seule la dernière version de ce jour "
    "reste. Restent toujours : la première version et la dernière, celles qui ont été adoptées ou rétablies, celles "
    "qui ont apporté une ligne encore présente, et celles dont un texte en attente, ou une autre version, a besoin."
)
RESTORED = re.compile(r"Version n° (\d+) rétablie")


@dataclass(frozen=True)
class Weight:
    """So many versions, and what they take: bytes in the database, and bytes as full copies (None: not counted)."""

    versions: int = 0
    size: int = 0
    full: int | None = None


def documents(document_id: int | None = None) -> list[int]:
    """Return the ids of the documents that several people write, or this one of them."""
    together = select(Publication.id).where(Publication.is_collaborative.is_(True)).order_by(Publication.id)
    return list(db.session.scalars(together.where(Publication.id == document_id) if document_id else together))


def plan(document_id: int, older_than: int) -> list[Row]:
    """Return the versions (`id`, `number`, `size`: bytes) of a document that may go when they are older than so many
    days; those that others are packed against come last.

    Raises `ValueError` for less than `LEAST_DAYS`.
    """
    if older_than < LEAST_DAYS:
        raise ValueError(f"{older_than} days: {LEAST_DAYS} at least")
    rows = _versions(document_id)
    before = utcnow() - timedelta(days=older_than)
    # The next one is as old: whoever has a form open on this one opened it before that was saved.
    old = [row for row, following in pairwise(rows) if following.created_at < before and _is_one_run(row, following)]
    kept = _needed(document_id, rows)
    going = {row.id for row in old if row.number not in kept}
    bases = {row.base_id for row in rows if row.id not in going}
    return sorted((row for row in rows if row.id in going - bases), key=lambda row: row.base_id is None)


def thin(document_id: int, older_than: int) -> Weight:
    """Delete some of the versions that may go, at most `BATCH`; return how many they were, and their bytes.

    Call it in a write transaction, again and again until there are none. Meanwhile nobody adds a version.
    """
    db.session.scalar(select(Document.id).where(Document.id == document_id).with_for_update(of=Publication))
    going = plan(document_id, older_than)[:BATCH]
    for is_base in (False, True):  # what hangs on another goes before it
        db.session.execute(_delete(row.id for row in going if (row.base_id is None) == is_base))
    _forget_sizes(document_id, going)
    return weight_of(going)


def _forget_sizes(document_id, gone):
    """Let the words that a version has more and less than the one before it be counted when they are shown: that one is
    another now."""
    left = [row.number for row in _versions(document_id)]
    after = {left[bisect(left, row.number)] for row in gone}  # the newest version stays
    changed = update(Revision).where(Revision.publication_id == document_id, Revision.number.in_(after))
    db.session.execute(changed.values(added=None, removed=None).execution_options(synchronize_session=False))


def weight_of(rows: Iterable[Row]) -> Weight:
    """Return what these versions weigh."""
    sizes = [row.size for row in rows]
    return Weight(len(sizes), sum(sizes))


def weights() -> list[tuple[Row, Weight]]:
    """Return each document that several people write (`id`, `title`) with what its versions weigh, the heaviest first.

    What full copies would take is reckoned with the length of the present text.
    """
    length = func.length(Publication.description)
    known = select(Publication.id, Publication.title, func.count(Revision.id).label("versions"),
                   func.sum(_size()).label("size"), length.label("length"))  # fmt: skip
    known = known.join(Revision, Revision.publication_id == Publication.id)
    known = known.where(Publication.is_collaborative.is_(True)).group_by(Publication.id)
    rows = db.session.execute(known.order_by(func.sum(_size()).desc()))
    return [(row, Weight(row.versions, row.size, row.versions * row.length)) for row in rows]


def _size():
    return func.coalesce(func.length(Revision.packed), 0) + func.length(cast(Revision.fields, Text))


def _versions(document_id):
    columns = ("id", "number", "author_id", "created_at", "base_id", "comment")
    rows = select(*(getattr(Revision, name) for name in columns), _size().label("size"))
    rows = rows.where(Revision.publication_id == document_id, Revision.number.is_not(None))
    return db.session.execute(rows.order_by(Revision.number)).all()


def _is_one_run(row, following):
    return (row.author_id, _day(row.created_at)) == (following.author_id, _day(following.created_at))


def _day(instant: datetime):
    return instant.astimezone(PARIS).date()


def _needed(document_id, rows):
    """Return the numbers of the versions that something else speaks of."""
    asked = db.session.execute(
        select(Adoption.number).filter_by(publication_id=document_id).union(
            select(SideVersion.base_number).filter_by(publication_id=document_id)
        )
    )  # fmt: skip
    origins = db.session.scalar(select(Publication.origins).where(Publication.id == document_id))
    restored = (int(number) for row in rows for number in RESTORED.findall(row.comment))
    ends = (rows[0].number, rows[-1].number) if rows else ()
    return {number for (number,) in asked} | set(origins or ()) | set(restored) | set(ends)


def _delete(ids):
    return delete(Revision).where(Revision.id.in_(list(ids))).execution_options(synchronize_session=False)
