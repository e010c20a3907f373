"""The actions that councils send in answer to a call for contributions."""

from collections.abc import Collection

from sqlalchemy import Select, delete, or_, select

from app.access import Viewer, contributable, readable
from app.extensions import db, insert_once
from app.models import Action, Article, Contribution, Publication, User
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.services import shelves

OFFERED = 50  # actions of a council to choose from, the newest


def gathered(viewer: Viewer, article: Article) -> Select:
    """Return the query of the actions that a call has gathered and that `viewer` may read, the last sent first."""
    sent = (Contribution.publication_id == Action.id, Contribution.article_id == article.id)
    query = select(Action).join(Contribution, sent[0]).where(sent[1], readable(Action, viewer), shelves.is_out())
    return query.options(*shelves.SHORT).order_by(Contribution.created_at.desc(), Action.id.desc())


def offered(viewer: Viewer, article: Article) -> list[Action]:
    """Return the actions that the viewer's council may send: those that all members of councils may read, or everybody;
    and those that it has sent, whoever reads them by now."""
    sent = Action.id.in_(_sent(article.id, viewer.council_id))
    ours = (
        readable(Action, viewer),
        Action.council_id == viewer.council_id,
        shelves.is_out(),
        or_(sent, contributable()),
    )
    query = select(Action).where(*ours).options(*shelves.SHORT)
    return list(db.session.scalars(query.order_by(~sent, Action.published_at.desc(), Action.id.desc()).limit(OFFERED)))


def _sent(article_id, council_id):
    ours = select(Publication.id).where(Publication.council_id == council_id)
    return select(Contribution.publication_id).where(
        Contribution.article_id == article_id, Contribution.publication_id.in_(ours)
    )


def sent(article: Article, council_id: int) -> set[int]:
    """Return the ids of the actions that a council has sent in answer to a call."""
    return set(db.session.scalars(_sent(article.id, council_id)))


def send(
    article: Article, user: User, offered_ids: Collection[int], *, added: Collection[int], dropped: Collection[int]
) -> tuple[int, int]:
    """Let the council of `user` answer a call with those that are added, of the actions that are offered to it, and
    take back those that are dropped; all others stay as they are. Return how many came, and how many went.

    Twice the same: nothing more. Call it in a write transaction, with the rights of that instant.
    """
    former = sent(article, user.council_id)
    gone = former & set(offered_ids) & set(dropped)
    new = set(added) & set(offered_ids) - former
    if gone:
        theirs = (Contribution.article_id == article.id, Contribution.publication_id.in_(gone))
        db.session.execute(delete(Contribution).where(*theirs).execution_options(synchronize_session=False))
    rows = [_row(article, action_id, user) for action_id in new]
    if rows:
        db.session.execute(insert_once(Contribution, ["article_id", "publication_id"]), rows)
    if rows or gone:
        renew(PAGES)
    return len(rows), len(gone)


def _row(article, action_id, user):
    return {"article_id": article.id, "publication_id": action_id, "sent_by_id": user.id, "created_at": utcnow()}
