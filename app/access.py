"""All authorization: who may read and do what. Nothing else builds a visibility condition.

`readable` gives the condition for lists, `may_read` the same answer for a loaded row; both say the same.
"""

from dataclasses import dataclass

from flask import abort
from sqlalchemy import ColumnElement, exists, select, true

from app.extensions import db
from app.models import Council, CouncilPicture, StoredFile


@dataclass(frozen=True)
class Viewer:
    """Who looks at a page, built once for each request. Without ids: a visitor."""

    user_id: int | None = None
    is_animator: bool = False


VISITOR = Viewer()


def readable(model: type, viewer: Viewer) -> ColumnElement[bool]:
    """Return the SQL condition that rows of `model` meet when `viewer` may read them.

    The directory is public. A file follows what it is joined to: a picture of a council's page is as public as it.
    """
    if model is Council:
        return true()
    if model is StoredFile:
        return exists().where(CouncilPicture.file_id == StoredFile.id)
    raise TypeError(f"no rule of access for {model.__name__}")


def may_read(viewer: Viewer, row: Council | StoredFile) -> bool:
    """Tell whether `viewer` may read one loaded row."""
    model = type(row)
    return db.session.scalar(select(exists().where(model.id == row.id, readable(model, viewer))))


def get_readable_or_404(model: type, viewer: Viewer, *options, **key):
    """Return the row with this key, loaded with `options`, when `viewer` may read it; otherwise abort with 404."""
    if any("\0" in value for value in key.values() if isinstance(value, str)):
        abort(404)  # PostgreSQL would not even take the question
    statement = select(model).filter_by(**key).where(readable(model, viewer)).options(*options)
    return db.session.scalar(statement) or abort(404)


def may_steer(viewer: Viewer) -> bool:
    """Tell whether `viewer` runs the site: sees the outbox, the jobs and what fails."""
    return viewer.is_animator


def require(right: bool) -> None:
    """Abort with 403 unless the right is there."""
    if not right:
        abort(403)
