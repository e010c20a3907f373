"""What was changed in a document that several write: told to those who follow it, once for each burst of changes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.access import may_see_versions, viewer_of
from app.extensions import db
from app.models import Activity, Publication, Revision, User
from app.models.types import utcnow
from app.notifications import dispatch, passages
from app.notifications.dispatch import Alert
from app.notifications.links import site_address
from app.notifications.message import Message
from app.notifications.publications import address_of
from app.notifications.recipients import FOLLOWING, followers, not_read, others_than
from app.templating import plural, quoted

WRITTEN = "document.written"
CALM = timedelta(minutes=30)  # after the last change of a burst
LONGEST = timedelta(hours=24)  # a burst that never calms down
MOST_NAMES = 3
WHY = "vous suivez ce document. Pour ne plus le suivre, ouvrez sa page"


def note(item: Publication, author_id: int, former: int) -> None:
    """Let those who follow a document be told that somebody has written in it: half an hour after the last of several
    changes, and a day after the first one at the latest. `former` is the number of the version before this change.

    Call it in the transaction of the change, with the publication's row locked. What comes after a burst was taken up
    to be told begins another one, so that each difference is told once.
    """
    now = utcnow()
    pending = dispatch.awaited(WRITTEN, item, CALM)
    if pending is None:
        data = {"from": former, "to": former + 1, "actors": [author_id], "since": now.isoformat()}
        dispatch.record(WRITTEN, item, author_id, data=data, after=CALM)
        return
    actors = sorted({*pending.data["actors"], author_id})
    pending.data = pending.data | {"to": former + 1, "actors": actors}
    last = datetime.fromisoformat(pending.data["since"]) + LONGEST
    dispatch.put_off(pending, min(now + CALM, last), CALM)


# The rule: read again when the burst is over, with the rights of that moment ---------------------------------------


def _tell(activity: Activity) -> Iterator[Alert]:
    """Yield what a burst has changed to those who follow the document, may read it, and have not read it since."""
    item, data = db.session.get(Publication, activity.subject_id), activity.data
    if item is None or not item.is_shown:
        return
    before, after = _version(item, data["from"]), _version(item, data["to"])
    changes = passages.changes(before.text if before else "", after.text) if after else []
    if not changes:
        return
    alone = data["actors"] if len(data["actors"]) == 1 else ()
    sentence = f"{_who(data['actors'])} le document {quoted(item.title)} :"
    all_of_it, what_is_there = tuple(passages.said(changes)), _of_present(item, changes)
    for person in followers(item, others_than(*alone), not_read(item.id, after.created_at)):
        sees_versions = may_see_versions(viewer_of(person), item)
        if not (words := all_of_it if sees_versions else what_is_there):
            continue
        link = _compare(item, before, after) if before and sees_versions else None
        message = _message(item, person, (sentence, *words), link)
        columns = {"name": person.name, "council_id": item.council_id, "person_id": person.id}
        yield Alert(str(person.id), person.email, message, FOLLOWING, columns=columns | {"publication_id": item.id})


def _of_present(item, changes):
    """Say what has changed to those who do not see versions: what stands in the present text, not what it was. Nothing
    when that is told by a later burst."""
    if come := passages.come_in(changes, item.description):
        return tuple(passages.said(come))
    return (passages.WENT,) if any(change.old for change in changes) else ()


def _version(item, number):
    """Return a version, or the last one before it that is kept."""
    before = select(Revision).where(Revision.publication_id == item.id, Revision.number <= number)
    return db.session.scalar(before.options(undefer(Revision.packed)).order_by(Revision.number.desc()).limit(1))


def _compare(item, before, after):
    place = {"path": item.path, "item_id": item.id, "slug": item.slug}
    return site_address("publications.versions.compare", **place, de=before.number, a=after.number)


def _message(item, person, words, compare):
    return Message(
        f"Document changé : {item.title}",
        (f"Bonjour {person.first_name},", *words),
        link=("Lire le document", address_of(item)),
        also=(("Comparer avec le texte d’avant", compare),) if compare else (),
        why=WHY,
    )


def _who(actor_ids):
    """Say who wrote: « Alice Martin et Bruno Petit ont changé »."""
    names = [user.name for user in db.session.scalars(select(User).where(User.id.in_(actor_ids)).order_by(User.id))]
    if len(names) > MOST_NAMES:
        names[MOST_NAMES - 1 :] = [plural(len(names) - MOST_NAMES + 1, "autre personne", "autres personnes")]
    *first, last = names or ["Quelqu’un"]
    return f"{', '.join(first)} et {last} ont changé" if first else f"{last} a changé"


RULES = {WRITTEN: _tell}
