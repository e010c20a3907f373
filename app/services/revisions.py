"""Versions of the page of a council, of what councils share, and of articles: kept at each save, never changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, undefer

from app import differences, labels
from app.differences import Passage
from app.extensions import db
from app.models import Article, Council, Publication, Revision, User
from app.models.types import utcnow
from app.packing import pack
from app.templating import PARIS, clock, day

Subject = Council | Publication | Article
CHANGES, PRESENT = "changements", "actuelle"
HOPS = 100  # versions that hang on one that is whole: texts drift away from it
LISTED = 10  # versions on a page: what each has changed is counted when it is shown


def keep(subject: Subject, content: dict, author: User | None, comment: str = "", **columns) -> Revision:
    """Keep the state that was just saved as the newest version, and forget what its author had not saved yet. `columns`
    are others of its columns, as far as they are known.

    Call it in the write transaction of the save, with the subject's row locked: versions are numbered one by one.
    """
    of = _of(subject)
    number = (newest_number(subject) or 0) + 1
    author_id = author.id if author else None
    revision = Revision(**of, number=number, author_id=author_id, comment=comment, **columns)
    revision.content = content
    if getattr(subject, "is_collaborative", False):
        _pack(revision)
    db.session.add(revision)
    drop_unsaved(subject, author)
    db.session.flush()
    return revision


def newest_number(subject: Subject) -> int | None:
    """Return the number of the present version; None of what was never saved on this site."""
    return db.session.scalar(select(func.max(Revision.number)).filter_by(**_of(subject)))


def _pack(revision):
    """Keep the long text of a version in few bytes: as its difference from the last one that is whole, as long as that
    is small; one hop leads to any text."""
    fields = dict(revision.fields)
    text = fields.pop("description")
    whole = select(Revision).filter_by(publication_id=revision.publication_id, base_id=None)
    whole = whole.where(Revision.packed.is_not(None)).order_by(Revision.number.desc()).limit(1)
    base = db.session.scalar(whole.options(undefer(Revision.packed)))
    packed = pack(text, base.text) if base else b""
    if base is None or revision.number - base.number >= HOPS or len(packed) * 4 > len(base.packed):
        packed, base = pack(text), None
    revision.fields, revision.packed, revision.base_id = fields, packed, base.id if base else None


def keep_former(subject: Subject, content: dict, comment: str) -> None:
    """Keep as version 0 what was there before anybody saved it on this site."""
    db.session.add(Revision(**_of(subject), number=0, content=content, comment=comment))


def unsaved(subject: Subject, author: User) -> Revision | None:
    """Return what this person has previewed and not saved."""
    return db.session.scalar(select(Revision).filter_by(**_of(subject), number=None, author_id=author.id))


def set_aside(subject: Subject, content: dict, author: User) -> Revision:
    """Keep what was only previewed, for its author alone; it takes the place of what they had previewed before."""
    revision = unsaved(subject, author) or Revision(**_of(subject), author_id=author.id)
    revision.content, revision.created_at = content, utcnow()
    db.session.add(revision)
    db.session.flush()
    return revision


def drop_unsaved(subject: Subject, author: User | None) -> None:
    """Forget what this person has previewed and not saved."""
    if author and (revision := unsaved(subject, author)):
        db.session.delete(revision)


def saved(subject: Subject) -> Select:
    """Return the query of the versions of something, the newest first."""
    known = select(Revision).filter_by(**_of(subject)).where(Revision.number.is_not(None))
    if not getattr(subject, "is_collaborative", False):  # nothing of theirs is kept apart: that is read at once
        known = known.options(undefer(Revision.packed))
    return known.options(joinedload(Revision.author)).order_by(Revision.number.desc())


def with_texts(publication: Publication) -> Select:
    """Return the query of the versions of a collaborative document with all that their texts are made of, the newest
    first."""
    known = select(Revision).filter_by(**_of(publication)).where(Revision.number.is_not(None))
    texts = (undefer(Revision.packed), joinedload(Revision.base).undefer(Revision.packed))
    return known.options(*texts).order_by(Revision.number.desc())


def find(subject: Subject, number: int) -> Revision | None:
    """Return the version with this number."""
    return db.session.scalar(saved(subject).where(Revision.number == number).options(undefer(Revision.packed)))


def before(subject: Subject, number: int) -> Revision | None:
    """Return the last version before this number: some may have been thinned away."""
    return db.session.scalar(saved(subject).where(Revision.number < number).limit(1))


def after(subject: Subject, number: int) -> Revision | None:
    """Return the first version after this number."""
    following = saved(subject).order_by(None).order_by(Revision.number)
    return db.session.scalar(following.where(Revision.number > number).limit(1))


def newest(subject: Subject) -> Revision | None:
    """Return the present version; None of what was never saved on this site."""
    return db.session.scalar(saved(subject).limit(1))


def restored(number: int) -> str:
    """Return the comment of the version that a former one becomes."""
    return f"Version n° {number} rétablie"


# What changed ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """What changed in one field: its French name, and the passages of both texts as one."""

    name: str
    passages: list[Passage]


def changes(before: dict, after: dict) -> Iterator[Change]:
    """Yield the fields that differ between two contents, in the order of their names in `labels.FIELD`."""
    old, new = in_words(before), in_words(after)
    for name, words in labels.FIELD.items():
        if old.get(name, "") != new.get(name, ""):
            compared = differences.compare(old.get(name, ""), new.get(name, ""))
            yield Change(words, differences.shorten(compared))


def compared(subject: Subject, revision: Revision, to: str) -> list[Change] | None:
    """Return how a version differs from the one before it (`to` = CHANGES) or from the present one (PRESENT); None
    when neither is asked for."""
    if to == CHANGES:
        former = before(subject, revision.number)
        return list(changes(former.content if former else {}, revision.content))
    return list(changes(revision.content, newest(subject).content)) if to == PRESENT else None


def size(before: dict, after: dict) -> tuple[int, int]:
    """Return how many words were added, and how many removed, between two contents."""
    counts = [differences.count_words(change.passages) for change in changes(before, after)]
    return sum(added for added, _ in counts), sum(removed for _, removed in counts)


def with_sizes(subject: Subject, versions: list[Revision]) -> list[tuple[Revision, tuple[int, int]]]:
    """Return these versions, which follow one another from the newest on, each with the size of what it changed.

    Texts are read, and compared, of those alone whose size was not counted when they were saved.
    """
    former = [*versions, None][1:]
    if versions and versions[-1].added is None:
        former[-1] = before(subject, versions[-1].number)
    uncounted = [pair for pair in zip(versions, former, strict=True) if pair[0].added is None]
    if uncounted and getattr(subject, "is_collaborative", False):
        ids = {revision.id for pair in uncounted for revision in pair if revision}
        db.session.scalars(with_texts(subject).where(Revision.id.in_(ids))).all()  # else they are read one by one
    return [(after, _size(before_, after)) for before_, after in zip(former, versions, strict=True)]


def _size(before_, after):
    if after.added is not None:
        return after.added, after.removed
    return size(before_.content if before_ else {}, after.content)


def in_words(content: dict) -> dict[str, str]:
    """Return a content as texts by field: what people read, not what columns hold. Empty fields are left out."""
    return {name: text for name, value in content.items() if (text := _say(name, value, content))}


def _say(name, value, content):
    if value in (None, "", []):
        return ""
    if name in CHOICES:
        return CHOICES[name].get(value, value)
    if name in ("starts_on", "ends_on", "recognised_on", "expires_on"):
        return day(date.fromisoformat(value))
    if name in ("starts_at", "ends_at"):
        local = datetime.fromisoformat(value).astimezone(ZoneInfo(content.get("time_zone", PARIS.key)))
        return f"{day(local.date())} à {clock(local)}"
    if name in ("links", "pictures"):
        return "\n".join(f"{first} : {second}" if name == "links" else second for first, second in value)
    return value[1] if name == "charter" else str(value)


CHOICES = {"kind": labels.ARTICLE_KIND, "stage": labels.STAGE, "carrier": labels.CARRIER, "pillar": labels.PILLAR}


def _of(subject):
    names = {Council: "council_id", Article: "article_id"}
    return {names.get(type(subject), "publication_id"): subject.id}
