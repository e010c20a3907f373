"""Former texts of what councils share, brought back."""

from datetime import date, datetime

from app.models import Event, Publication, Revision, User
from app.models.types import utcnow
from app.services import publishing, revisions

DAYS, INSTANTS = ("starts_on", "ends_on"), ("starts_at", "ends_at")
APART = ("minutes",)  # what came of an event is not undone with its announcement


def fields_of(publication: Publication, revision: Revision) -> dict:
    """Return a version as the fields that `publishing.write` takes, with the HTML of its texts: slow work, for before
    a write transaction. Raises `markup.TextTooComplex`."""
    known = publishing.content_of(publication)
    kept = {name: value for name, value in revision.content.items() if name in known and name not in APART}
    fields = {name: _value(name, value) for name, value in kept.items()}
    return publishing.rendered(type(publication), fields)


def _value(name, value):
    if value and name in DAYS:
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if value and name in INSTANTS else value


def restore(publication: Publication, fields: dict, number: int, author: User) -> bool:
    """Make the version with this number, given as `fields`, the newest one; return whether anything changed.

    Call it in a write transaction, with the publication's row locked. Its readers stay the same.
    """
    if not publishing.differs(publication, fields):
        return False
    before = publishing.content_of(publication)
    publishing.write(publication, fields)
    publication.edited_at = utcnow()
    revisions.keep(publication, publishing.content_of(publication), author, revisions.restored(number))
    if isinstance(publication, Event):
        publishing.note_change(publication, before, author)
    return True
