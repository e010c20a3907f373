"""Writing one text with others: what somebody sends is merged with what others have saved meanwhile, or put aside."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from rapidfuzz.distance import Indel
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import joinedload

from app import differences, parts
from app.access import VISITOR, Viewer, may_write, readable, viewer_of
from app.extensions import db, insert
from app.labels import SideOutcome, SideReason
from app.markup import render_parts
from app.models import Presence, Publication, Revision, SideVersion, User
from app.models.types import utcnow
from app.notifications import bursts
from app.packing import pack
from app.services import following, merging, publishing, revisions, texts
from app.services.merging import Agreed, Merge
from app.text import one_line, paragraphs

PRESENT_FOR = timedelta(minutes=15)  # after a form was opened, or previewed
MOST_CONFLICTS = 20  # that somebody settles one by one
MOST_NAMED = 3  # people
SIDES_KEPT = timedelta(days=30)  # after they were settled or dismissed


@dataclass(frozen=True)
class Sent:
    """What somebody sent: the whole text or, with `part`, that of one part of the version that they started from
    (`base`). `title`: that of the part. `form` tells the form from all others."""

    text: str
    base: int
    part: int | None
    title: str
    form: str
    comment: str = ""

    @property
    def key(self) -> str:
        """What is the same when the same is sent again, and only then."""
        said = "\0".join((self.form, str(self.base), str(self.part), self.text))
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """What becomes of what was sent, seen from the version that was the newest (`newest`). `text`, `html` and `sizes`
    (as `sizes_of` gives them): of what is merged; None where there is a conflict. `came_in`: others have changed the
    text since its writer started."""

    newest: int
    merge: Merge
    text: str | None
    html: str | None
    sizes: dict | None
    came_in: bool


# Merging ----------------------------------------------------------------------------------------------------------


def plan(item: Publication, sent: Sent) -> Plan:
    """Return what saving it would make of the text: slow work, for before a write transaction.

    Raises `markup.TextTooComplex` when what comes out would be too long.
    """
    newest, theirs = present(item)
    base, merge = _merged(item, sent, newest, theirs)
    text = paragraphs(merge.text) if merge.is_clean else None
    html, sizes = (None, None) if text is None else (rendered(item, text), sizes_of(theirs, text))
    if text is not None:
        _line_changes(theirs, text)  # remembered until `write` looks for them
    return Plan(newest, merge, text, html, sizes, came_in=base != theirs)


def present(item: Publication) -> tuple[int, str]:
    """Return the number and the text of the present version. Both come from one row: what `item` holds may be older by
    now, and a text with the number of another would take away what somebody has just saved."""
    newest = db.session.scalar(revisions.with_texts(item).limit(1))
    return (newest.number, newest.text) if newest else (0, item.description)


def merged_with(item: Publication, sent: Sent, number: int) -> Merge:
    """Return the merge of what was sent with a certain version, be it the newest by now or not."""
    return _merged(item, sent, number, _before(item, number)[1] or "")[1]


def _merged(item, sent, number, theirs):
    """Return the text that was started from, and its merge with version `number`, whose text is `theirs`."""
    base, mine = _start_of(item, sent, number, theirs)
    return base, merging.merge(base, mine, theirs).bounded(MOST_CONFLICTS)


def _start_of(item, sent, number, theirs):
    """Return the text that somebody started from, and the whole text as they want it.

    Where their start is not kept any more, a former version stands for it: at worst something comes back that others
    had removed. Without one, all that differs is a conflict.
    """
    start, base = (number, theirs) if sent.base == number else _before(item, sent.base)
    if sent.part is None:
        return base or "", sent.text
    if base is not None and _has_part(base, sent, is_exact=start == sent.base):
        return base, parts.replace(base, sent.part, sent.text)
    return _start_of_part(theirs, sent)


def _before(item, number):
    """Return the number and the text of a version, or of the last one before it that is kept; None when there is
    none."""
    found = db.session.scalar(revisions.with_texts(item).where(Revision.number <= number).limit(1))
    return (found.number, found.text) if found else (None, None)


def _has_part(base, sent, is_exact):
    """Tell whether a text has the part that was sent: in one that only stands for the version that somebody started
    from, another may have its number."""
    every = parts.split(base)
    return sent.part < len(every) and (is_exact or one_line(every[sent.part].title)[:200] == sent.title[:200])


def _start_of_part(theirs, sent):
    """Return both texts for a part whose version is not kept: it competes with the part of that title, if any."""
    same = [part.number for part in parts.split(theirs) if part.number and part.title == sent.title]
    if not same:
        return theirs, f"{theirs}\n\n{sent.text}".strip()
    return parts.replace(theirs, same[0], ""), parts.replace(theirs, same[0], sent.text)


def rendered(item: Publication, text: str) -> str:
    """Return the HTML of a text of `item`; what it has in common with the present one is not made again. Slow work, for
    before a write transaction. Raises `markup.TextTooComplex`."""
    texts.words_of(text)  # as slow, and remembered until `write` looks for them
    return render_parts(text, item.description, item.description_html)


# Saving -----------------------------------------------------------------------------------------------------------


def sent_before(item: Publication, sent: Sent) -> int | None:
    """Return the number of the version that this very sending of a form has made already: a browser, or a person, tried
    again."""
    return db.session.scalar(select(Revision.number).filter_by(publication_id=item.id, key=sent.key))


def sizes_of(before: str, after: str) -> dict:
    """Return how many words a text has more and less than the one before, as columns of a version: slow work."""
    added, removed = differences.count_words(differences.compare(before, after))
    return {"added": added, "removed": removed}


def write(
    item: Publication,
    text: str,
    html: str,
    author: User,
    *,
    comment: str = "",
    key: str | None = None,
    sizes: dict | None = None,
) -> Revision:
    """Make `text` the present text of a collaborative document, as a new version. `sizes`: as `sizes_of` gives them, if
    they are known.

    Call it in a write transaction, with the publication's row locked. What its author changes by the ordinary form
    (`Publication.version`) is another matter.
    """
    former, before = revisions.newest_number(item) or 0, item.description
    sizes = sizes or sizes_of(before, text)
    item.origins = _origins(item.origins, before, text, former)
    item.description, item.description_html, item.edited_at = text, html, utcnow()
    texts.index(item)
    revision = revisions.keep(item, publishing.content_of(item), author, comment[:200], key=key, **sizes)
    following.begin(item, author)
    bursts.note(item, author.id, former)
    return revision


def _origins(known, before, after, former):
    """Return for each line of `after` the number of the version that brought it: the one that is about to be."""
    count = before.count("\n") + 1
    if known is None or len(known) != count:
        known = [former] * count
    found = []
    for tag, start, end, from_, to in _line_changes(before, after):
        found += known[start:end] if tag == "equal" else [former + 1] * (to - from_)
    return found


@lru_cache(4)
def _line_changes(before, after):
    """Return what changed from one text to another, line by line, as `Indel.opcodes` says it."""
    return Indel.opcodes(before.split("\n"), after.split("\n")).as_list()


# Texts put aside --------------------------------------------------------------------------------------------------


def put_aside(
    item: Publication, sent: Sent, author: User, reason: SideReason, settles: SideVersion | None = None
) -> SideVersion:
    """Keep what could not be merged, or was only previewed. Sent twice, it is kept once, and opened again if somebody
    has dismissed it; of what somebody previews of a part, the last state only. `settles`: the text put aside that it is
    to settle. Call it in a write transaction, with the publication's row locked."""
    settles_id = settles.id if settles else None
    if reason == SideReason.PREVIEW:
        drop_preview(item, author, sent, settles_id)
    known = select(SideVersion).filter_by(publication_id=item.id, key=sent.key)
    if side := db.session.scalar(known):
        if side.reason == SideReason.PREVIEW:  # what was only looked at is sent now
            side.reason, side.author_id, side.settles_id = reason, author.id, None
        elif side.outcome == SideOutcome.DISMISSED and side.author_id == author.id and reason != SideReason.PREVIEW:
            reopen(side)
        return side
    side = SideVersion(
        publication_id=item.id, author_id=author.id, base_number=sent.base, part=sent.part, title=sent.title[:200],
        reason=reason, packed=pack(sent.text), key=sent.key,
        settles_id=settles_id if reason == SideReason.PREVIEW else None,
    )  # fmt: skip
    db.session.add(side)
    db.session.flush()
    return side


def drop_preview(item: Publication, author: User, sent: Sent, settles_id: int | None = None) -> None:
    """Forget what somebody has previewed and not saved of the part that they send now."""
    mine = _previews(item, author).filter_by(part=sent.part, title=sent.title[:200], settles_id=settles_id)
    db.session.execute(delete(SideVersion).where(SideVersion.id.in_(mine.with_only_columns(SideVersion.id))))


def previews_of(item: Publication, user: User) -> list[SideVersion]:
    """Return what somebody has previewed and not saved, one for each part, the last first."""
    return list(
        db.session.scalars(_previews(item, user).order_by(SideVersion.created_at.desc(), SideVersion.id.desc()))
    )


def _previews(item, user):
    return select(SideVersion).filter_by(publication_id=item.id, author_id=user.id, reason=SideReason.PREVIEW)


def forget(side_version: SideVersion) -> None:
    """Forget what somebody has previewed and not saved."""
    db.session.delete(side_version)


def sides(item: Publication, viewer: Viewer, *, is_open: bool = True) -> Select:
    """Return the query of the texts put aside that are neither settled nor dismissed, or of those that are, the newest
    first."""
    people = (joinedload(SideVersion.author), joinedload(SideVersion.closed_by))
    theirs = select(SideVersion).where(*_sides(item, viewer, is_open)).options(*people)
    return theirs.order_by(SideVersion.id.desc())


def count_sides(item: Publication, viewer: Viewer) -> int:
    """Return how many texts wait to be settled; what is only previewed is not among them."""
    sent = SideVersion.reason != SideReason.PREVIEW
    return db.session.scalar(select(func.count(SideVersion.id)).where(*_sides(item, viewer, True), sent))


def _sides(item, viewer, is_open):
    state = SideVersion.closed_at.is_(None) if is_open else SideVersion.closed_at.is_not(None)
    return SideVersion.publication_id == item.id, readable(SideVersion, viewer), state


def side(item: Publication, side_id: int, viewer: Viewer) -> SideVersion | None:
    """Return one text put aside, be it settled or dismissed by now."""
    one = select(SideVersion).filter_by(publication_id=item.id, id=side_id).where(readable(SideVersion, viewer))
    return db.session.scalar(one.options(joinedload(SideVersion.author), joinedload(SideVersion.closed_by)))


def as_sent(side_version: SideVersion) -> Sent:
    """Return a text put aside as it was sent."""
    one = side_version
    return Sent(one.text, one.base_number, one.part, one.title, one.key)


def close(
    side_version: SideVersion, user: User, outcome: SideOutcome = SideOutcome.DISMISSED, number: int | None = None
) -> None:
    """Note what somebody has done with a text put aside, which became version `number` if that is where it is. What was
    settled stays as it is."""
    if side_version.outcome in (None, SideOutcome.DISMISSED):
        side_version.closed_at, side_version.closed_by_id = utcnow(), user.id
        side_version.outcome, side_version.settled_number = outcome, number


def reopen(side_version: SideVersion) -> None:
    """Take back that a text put aside was settled or dismissed."""
    side_version.closed_at = side_version.closed_by_id = None
    side_version.outcome = side_version.settled_number = None


def settled(merge: Merge, answers: Sequence[tuple[str, str]]) -> str:
    """Return the text that comes out of a merge when each conflict has its answer: (`mine`, `theirs`, `both` or `anew`,
    what was written anew)."""
    chosen = []
    for conflict, (answer, own) in zip(merge.conflicts, answers, strict=True):
        texts_of = {"mine": conflict.mine, "theirs": conflict.theirs, "anew": tuple(own.split("\n")) if own else ()}
        chosen.append(_both(conflict) if answer == "both" else texts_of[answer])
    return paragraphs(merge.settled(chosen))


def all_of(merge: Merge) -> str:
    """Return the whole text with both texts of each conflict, one after the other."""
    return settled(merge, [("both", "")] * len(merge.conflicts))


def others_since(item: Publication, number: int, author_id: int | None) -> list[str] | None:
    """Return the names of those who have saved a version after this number, but for somebody; none when they are many.
    None: nobody else has."""
    later = select(Revision.author_id).filter_by(publication_id=item.id)
    later = later.where(Revision.number > number, Revision.author_id.is_distinct_from(author_id))
    if not db.session.scalar(later.with_only_columns(func.count())):
        return None
    people = db.session.scalars(select(User).where(User.id.in_(later)).order_by(User.id).limit(MOST_NAMED + 1)).all()
    return [person.name for person in people] if len(people) <= MOST_NAMED else []


def title_at(merge: Merge, number: int) -> str:
    """Return the title of the part in which a conflict stands; nothing before the first heading."""
    lines, conflict = [], merge.conflicts[number]
    for piece in merge.pieces:
        if piece is conflict:
            break
        lines += piece.lines if isinstance(piece, Agreed) else piece.theirs
    return parts.split("\n".join(lines))[-1].title


def _both(conflict):
    """Return both texts, one after the other; theirs first, which were there first. What two versions of one paragraph
    have in common comes once; different paragraphs stay apart."""
    if joined := merging.both_in_one(conflict):
        return (joined,)
    gap = ("",) if conflict.mine and conflict.theirs and not _is_list(conflict) else ()
    return (*conflict.theirs, *gap, *conflict.mine)


def _is_list(conflict):
    """Tell whether the lines are items of a list, rows of a table or the like, which an empty line would part."""
    return all(line[:1] in "-*+|>0123456789 " for line in (*conflict.mine, *conflict.theirs) if line)


def purge_sides() -> int:
    """Delete the texts put aside that were settled or dismissed a while ago; return how many."""
    old = delete(SideVersion).where(SideVersion.closed_at < utcnow() - SIDES_KEPT)
    return db.session.execute(old).rowcount


# Who is writing ---------------------------------------------------------------------------------------------------


def arrive(item_id: int, user_id: int, part: str) -> None:
    """Note that somebody has the form of a part (its title; empty: of the whole text) of a document open."""
    now = utcnow()
    row = {"publication_id": item_id, "user_id": user_id, "part": part[:200], "since": now, "seen_at": now}
    known = db.session.get(Presence, (item_id, user_id))
    if known is not None and known.part == row["part"] and known.seen_at > now - PRESENT_FOR:
        row["since"] = known.since
    upsert = insert(Presence).values(row)
    changed = {name: row[name] for name in ("part", "since", "seen_at")}
    db.session.execute(upsert.on_conflict_do_update(index_elements=["publication_id", "user_id"], set_=changed))


def leave(item: Publication, user: User) -> None:
    """Note that somebody has saved, or given up."""
    db.session.execute(delete(Presence).filter_by(publication_id=item.id, user_id=user.id))


def others_writing(item: Publication, viewer: Viewer = VISITOR) -> list[Presence]:
    """Return who else has opened or previewed the form of a document of late, and still writes it: the last first."""
    here = select(Presence).where(Presence.publication_id == item.id, Presence.user_id != (viewer.user_id or 0))
    here = here.where(Presence.seen_at > utcnow() - PRESENT_FOR).options(joinedload(Presence.user))
    found = db.session.scalars(here.order_by(Presence.seen_at.desc()))
    return [one for one in found if may_write(viewer_of(one.user), item)]


def purge_presences() -> int:
    """Forget who was writing yesterday; return how many rows that were."""
    old = delete(Presence).where(Presence.seen_at < utcnow() - timedelta(days=1))
    return db.session.execute(old).rowcount
