"""Versions of the page of a council, and of what councils share: kept at each save, never changed."""

from sqlalchemy import func, select

from app.extensions import db
from app.models import Council, Publication, Revision, User
from app.models.types import utcnow


def keep(subject: Council | Publication, content: dict, author: User | None, comment: str = "") -> Revision:
    """Keep the state that was just saved as the newest version, and forget what its author had not saved yet.

    Call it in the write transaction of the save, with the subject's row locked: versions are numbered one by one.
    """
    of = _of(subject)
    newest = db.session.scalar(select(func.max(Revision.number)).filter_by(**of)) or 0
    author_id = author.id if author else None
    revision = Revision(**of, number=newest + 1, author_id=author_id, content=content, comment=comment)
    db.session.add(revision)
    drop_unsaved(subject, author)
    db.session.flush()
    return revision


def unsaved(subject: Council | Publication, author: User) -> Revision | None:
    """Return what this person has previewed and not saved."""
    return db.session.scalar(select(Revision).filter_by(**_of(subject), number=None, author_id=author.id))


def set_aside(subject: Council | Publication, content: dict, author: User) -> Revision:
    """Keep what was only previewed, for its author alone; it takes the place of what they had previewed before."""
    revision = unsaved(subject, author) or Revision(**_of(subject), author_id=author.id)
    revision.content, revision.created_at = content, utcnow()
    db.session.add(revision)
    db.session.flush()
    return revision


def drop_unsaved(subject: Council | Publication, author: User | None) -> None:
    """Forget what this person has previewed and not saved."""
    if author and (revision := unsaved(subject, author)):
        db.session.delete(revision)


def _of(subject):
    return {"council_id": subject.id} if isinstance(subject, Council) else {"publication_id": subject.id}
