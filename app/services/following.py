"""Who follows a document that several write: they are told of its changes."""

from dataclasses import dataclass

from sqlalchemy import func, select

from app.access import Viewer, readable
from app.extensions import db, insert, insert_once
from app.models import Document, Follow, Publication, User
from app.models.types import utcnow
from app.notifications.recipients import FOLLOWING
from app.services import alerts

KEYS = ["user_id", "publication_id"]
SHOWN = 20  # on the page of what one follows


def begin(item: Publication, user: User) -> None:
    """Let somebody follow a document who never said whether they want to: whoever stopped does not begin again."""
    db.session.execute(insert_once(Follow, KEYS).values(_row(item, user, is_on=True)))


def set(item: Publication, user: User, on: bool) -> None:
    """Let somebody follow a document, or follow it no more. Twice is the same."""
    row = _row(item, user, is_on=on)
    again = {"is_on": on, "since": row["since"]}
    upsert = insert(Follow).values(row)
    known = upsert.on_conflict_do_update(index_elements=KEYS, set_=again, where=Follow.is_on.is_not(on))
    db.session.execute(known)


def _row(item, user, is_on):
    return {"user_id": user.id, "publication_id": item.id, "is_on": is_on, "since": utcnow()}


def is_followed(item: Publication, viewer: Viewer) -> bool:
    """Tell whether `viewer` follows a document."""
    if viewer.user_id is None:
        return False
    on = select(Follow.is_on).filter_by(user_id=viewer.user_id, publication_id=item.id)
    return bool(db.session.scalar(on))


def unheard(user: User) -> str:
    """Return why no mail tells `user` of the changes of what they follow: the end of a sentence; "" when one does."""
    return alerts.unheard(user, FOLLOWING)


@dataclass(frozen=True)
class Followed:
    """Some of the documents that somebody follows, and how many others there are."""

    documents: list[Document]
    others: int


def some_followed(viewer: Viewer) -> Followed:
    """Return the documents that `viewer` follows, and may read, by their titles: a bounded number."""
    found = _followed(viewer)
    documents = list(db.session.scalars(found.order_by(Document.title, Document.id).limit(SHOWN)))
    count = count_followed(viewer) if len(documents) == SHOWN else 0
    return Followed(documents, max(0, count - SHOWN))


def count_followed(viewer: Viewer) -> int:
    """Return how many documents `viewer` follows, and may read."""
    return db.session.scalar(select(func.count()).select_from(_followed(viewer).subquery()))


def _followed(viewer):
    theirs = (Follow.user_id == (viewer.user_id or 0), Follow.is_on.is_(True))
    shown = (Document.is_collaborative.is_(True), Document.published_at.is_not(None), readable(Document, viewer))
    return select(Document).join(Follow, Follow.publication_id == Document.id).where(*theirs, *shown)
