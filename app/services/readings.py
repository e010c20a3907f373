"""What a person has read on the site is not told to them once more."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, tuple_

from app.access import Viewer
from app.extensions import db, insert
from app.models import Publication, Reading
from app.models.types import utcnow
from app.notifications.recipients import last_change

RECENT = timedelta(days=40)  # digests look no further back
KEPT = timedelta(days=60)


def is_news(viewer: Viewer, publication: Publication) -> bool:
    """Tell whether `viewer`, who opens the page of a publication, reads something there that they might be told of."""
    since = last_change(publication)
    is_own = publication.author_id == viewer.user_id and not publication.is_collaborative
    if not viewer.is_active or is_own or since is None:
        return False
    if since < utcnow() - RECENT:
        return False
    known = select(Reading.read_at).filter_by(user_id=viewer.user_id, publication_id=publication.id)
    read_at = db.session.scalar(known)
    return read_at is None or read_at < since


def note(viewer: Viewer, publication_id: int, read_at: datetime) -> None:
    """Note that `viewer` has opened the page of a publication. `read_at`: an instant from before it was looked for, so
    that what is saved while the page is made is told."""
    row = {"user_id": viewer.user_id, "publication_id": publication_id, "read_at": read_at}
    read = insert(Reading).values(row)
    again = read.on_conflict_do_update(index_elements=["user_id", "publication_id"], set_={"read_at": row["read_at"]})
    db.session.execute(again)


def purge() -> int:
    """Forget what was read long ago, a bounded number of rows; return how many."""
    old = select(Reading.user_id, Reading.publication_id).where(Reading.read_at < utcnow() - KEPT).limit(5000)
    gone = delete(Reading).where(tuple_(Reading.user_id, Reading.publication_id).in_(old))
    return db.session.execute(gone.execution_options(synchronize_session=False)).rowcount
