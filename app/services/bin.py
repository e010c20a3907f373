"""The bin of a council: what was deleted waits there for 30 days, and can come back."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import joinedload

from app.access import Viewer, discarded, readable
from app.extensions import db
from app.models import Activity, Attachment, Event, Publication, User
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.services import attachments, cancelling, seats

KEPT = timedelta(days=30)
TELLING = timedelta(days=1)  # until whoever expected an event has been told that it will not take place
WITHDRAWN = "Cette annonce a été retirée du site."


def end_of(since: datetime) -> datetime:
    """Return when something that is in the bin since then is erased."""
    return since + KEPT


def publications_of(viewer: Viewer):
    """Return the query of what `viewer` sees in the bin, the last that came first."""
    there = select(Publication).where(discarded(viewer))
    there = there.options(joinedload(Publication.deleted_by), joinedload(Publication.author))
    return there.order_by(Publication.deleted_at.desc(), Publication.id.desc())


def files_of(viewer: Viewer):
    """Return the query of the files that were taken away from what the council of `viewer` shares, the last first."""
    gone = Attachment.removed_at.is_not(None), Attachment.removed_by_id.is_not(None)
    shared = Attachment.publication_id.is_not(None)
    there = select(Attachment).where(shared, *gone, readable(Attachment, viewer))
    whole = joinedload(Attachment.publication), joinedload(Attachment.removed_by)
    return there.options(*whole).order_by(Attachment.removed_at.desc(), Attachment.id.desc())


def discard(publication: Publication, user: User) -> None:
    """Put a publication into the bin; a date that it was to be published on is forgotten. Twice: nothing more."""
    if publication.deleted_at is None:
        publication.deleted_at, publication.deleted_by_id, publication.publish_on = utcnow(), user.id, None
        db.session.flush()


def recover(publication: Publication) -> None:
    """Take a publication out of the bin, for the readers that it had. Twice: nothing more."""
    publication.deleted_at = publication.deleted_by_id = None
    db.session.flush()


# The end ----------------------------------------------------------------------------------------------------------


def due_publications(most: int) -> list[int]:
    """Return the ids of those whose time in the bin is up."""
    return list(db.session.scalars(select(Publication.id).where(_is_due(Publication.deleted_at)).limit(most)))


def due_files(most: int) -> list[int]:
    """Return the ids of the files whose time is up: those taken away, and those of a form that was never saved."""
    return list(db.session.scalars(select(Attachment.id).where(_is_due(Attachment.removed_at)).limit(most)))


def _is_due(column):
    return column <= utcnow() - KEPT


def erase_due(publication_id: int) -> list[str]:
    """Erase a publication if its time is still up. Returns digests as `erase` does."""
    is_due = select(Publication.id).where(Publication.id == publication_id, _is_due(Publication.deleted_at))
    found = db.session.scalar(is_due.with_for_update())
    return erase([found]) if found else []


def erase_due_file(attachment_id: int) -> list[str]:
    """Erase a file if its time is still up. Returns digests as `erase` does."""
    is_due = select(Attachment.id).where(Attachment.id == attachment_id, _is_due(Attachment.removed_at))
    found = db.session.scalar(is_due.with_for_update())
    return attachments.erase([db.session.get(Attachment, found)]) if found else []


def erase(publication_ids: Collection[int]) -> list[str]:
    """Delete publications for good, with all that hangs on them.

    Returns the digests of the contents that are of no more use: the caller deletes them once it has committed.
    """
    if not publication_ids:
        return []
    unused = attachments.erase_where(Attachment.publication_id.in_(publication_ids))
    gone = delete(Publication.__table__).where(Publication.__table__.c.id.in_(publication_ids))
    db.session.execute(gone)
    renew(PAGES)
    return unused


# Those who leave --------------------------------------------------------------------------------------------------


def withdraw(user: User) -> None:
    """Take from everybody's sight what this person has shared, and wants to take along. Who expects an event that is
    still to come is told that it will not take place: it stays cancelled, even if its author comes back."""
    coming = (Event.author_id == user.id, Event.published_at.is_not(None), Event.deleted_at.is_(None))
    is_ahead = func.coalesce(Event.ends_at, Event.starts_at) >= utcnow()
    for event_id in db.session.scalars(select(Event.id).where(*coming, is_ahead).order_by(Event.id.desc())).all():
        event = seats.lock(event_id)
        if event is not None and cancelling.may_be_cancelled(event):
            cancelling.cancel(event, WITHDRAWN, user)
    _set_withdrawn(user, Publication.withdrawn_at.is_(None), utcnow())


def give_back(user: User) -> None:
    """Show again what was taken away with an account that is open again."""
    _set_withdrawn(user, Publication.withdrawn_at.is_not(None), None)


def _set_withdrawn(user, which, value):
    theirs = update(Publication).where(Publication.author_id == user.id, which).values(withdrawn_at=value)
    db.session.execute(theirs.execution_options(synchronize_session=False))
    renew(PAGES)


def erase_of(user: User) -> list[str]:
    """Erase what somebody who is gone for good leaves to nobody: all they have shared, or, where that stays, their
    drafts. What others are being told of, that it will not take place, waits for that a day, out of everybody's sight.
    Returns digests as `erase` does."""
    theirs = select(Publication.id).where(Publication.author_id == user.id)
    if user.signs_contributions:
        theirs = theirs.where(Publication.published_at.is_(None))
    told = db.session.scalars(theirs.where(_is_being_told())).all()
    soon = update(Publication).where(Publication.id.in_(told)).values(deleted_at=utcnow() - KEPT + TELLING)
    db.session.execute(soon.execution_options(synchronize_session=False))
    return erase(db.session.scalars(theirs.where(Publication.id.not_in(told))).all())


def _is_being_told():
    about = (Activity.subject_type == Publication.__tablename__, Activity.subject_id == Publication.id)
    return exists().where(*about, Activity.verb == "event.cancelled", Activity.dispatched_at.is_(None))
