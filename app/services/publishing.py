"""Writing and publishing what councils share."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.access import is_with_author
from app.extensions import db, insert_once
from app.labels import PublicationKind, Visibility
from app.localtime import reminder_of
from app.markup import render, render_parts
from app.models import (
    Action,
    Council,
    Document,
    Event,
    Folder,
    Group,
    Publication,
    Theme,
    User,
    group_councils,
)
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.notifications import changes, dispatch, outbox
from app.services import following, offers, revisions, texts
from app.text import as_text, slug

MODELS = {PublicationKind.DOCUMENT: Document, PublicationKind.ACTION: Action, PublicationKind.EVENT: Event}
TOLD_AFTER = timedelta(minutes=15)  # changes of an event that follow one another are told once
# What a version holds of each kind. Who may read it, its folder and its themes do not come back with an old text.
MARKDOWN = {Document: ("description",), Action: ("need", "description", "results", "lessons"),
            Event: ("description", "agenda", "minutes")}  # fmt: skip
OTHERS = {
    Document: (),
    Action: ("stage", "carrier", "carrier_name", "partners", "contract", "pillar", "budget", "funders", "starts_on",
             "ends_on", "place", "contact"),
    Event: ("starts_at", "ends_at", "time_zone", "place", "address", "organiser"),
}  # fmt: skip


def start(author: User, model: type[Publication], key: str) -> Publication | None:
    """Return the publication that the form with this key makes: a new draft, or the one it has already made.

    `key` is drawn at random for each form. Sent twice at the same instant, a form makes one publication. None: what
    it made is somebody else's by now. Call it in a write transaction.
    """
    known = select(model).where(model.key == key, model.author_id == author.id).with_for_update(of=Publication)
    if (found := db.session.scalar(known)) is None:
        made = model(author_id=author.id, council_id=author.council_id, key=key)
        try:
            with db.session.begin_nested():
                db.session.add(made)
        except IntegrityError:  # the other of the two was first
            return db.session.scalar(known)
        return made
    return found


def rendered(model: type[Publication], fields: dict, *, is_collaborative: bool = False) -> dict:
    """Return `fields` with the HTML of its texts in Markdown: slow work, for before a write transaction.

    `is_collaborative`: the description may be long, and is rendered part by part; `fields` know better where they say
    it. Raises `markup.TextTooComplex`.
    """
    long = {name: fields[name] for name in MARKDOWN[model] if name in fields}
    texts.stems(" ".join(long.values()))  # as slow, and remembered until `write` looks for them
    make = render_parts if fields.get("is_collaborative", is_collaborative) else render
    return fields | {f"{name}_html": make(text) for name, text in long.items()}


def write(publication: Publication, fields: dict) -> None:
    """Change some fields of a publication: columns by name. Texts in Markdown are rendered, unless their HTML is there.

    Raises `markup.TextTooComplex`, before anything is changed.
    """
    texts_in = {name: text for name, text in fields.items() if f"{name}_html" not in fields}
    kind = {"is_collaborative": fields.get("is_collaborative", publication.is_collaborative)}
    for name, value in (fields | rendered(type(publication), texts_in, **kind)).items():
        setattr(publication, name, value)
    publication.slug = slug(publication.title) or "sans-titre"
    publication.version += 1
    texts.index(publication)
    db.session.flush()


def differs(publication: Publication, fields: dict) -> bool:
    """Tell whether writing these fields would change anything."""
    return any(getattr(publication, name) != value for name, value in fields.items())


def revise(
    publication: Publication,
    before: dict,
    author: User,
    *,
    files: Collection[int] | None = None,
    is_quiet: bool = False,
) -> bool:
    """Note that something published was changed by `author`; a new version is kept when its texts were. Return
    whether people will be told.

    `before` is its content before the change, and `files` the ids of its attachments, where they were changed too. Of
    an event people are told; with `is_quiet`, only of what they act upon (see `notifications.changes`).
    """
    publication.edited_at = utcnow()
    if (content := content_of(publication)) != before:
        revisions.keep(publication, content, author)
    else:
        revisions.drop_unsaved(publication, author)
    if not isinstance(publication, Event):
        return False
    return note_change(publication, before, author, files=files, is_quiet=is_quiet)


def note_change(
    event: Event, before: dict, author: User, *, files: Collection[int] | None = None, is_quiet: bool = False
) -> bool:
    """Let people be told that an event was changed, as `revise` does: some minutes later, so that several changes are
    told once, as the difference of the last state from the first; return whether they will. None of those who made one
    of them is told. Reminders that wait would say what was."""
    db.session.flush()
    now = changes.states([event.id])[event.id]
    was = changes.kept(before, now["files"] if files is None else files, is_quiet=is_quiet)
    if not (found := changes.between(was, now)):
        return False
    if found.facts:
        _remind_anew(event)
    pending = dispatch.awaited("event.changed", event, TOLD_AFTER)
    if pending is None:
        data = was | changes.noted(author.id, [])
        dispatch.record("event.changed", event, author.id, data=data, after=TOLD_AFTER)
    else:
        quiet = pending.data["is_quiet"] and is_quiet
        actors = pending.data.get("actors", [pending.actor_id])
        pending.data = pending.data | changes.noted(author.id, actors) | {"is_quiet": quiet}
    return True


def _remind_anew(event):
    if outbox.withdraw(event.id, ["reminder"]) and event.remind_at is None and event.starts_at:
        event.remind_at = reminder_of(event.time_zone, event.starts_at)


def content_of(publication: Publication) -> dict:
    """Return what a version keeps of a publication."""
    names = ("title", "summary", *MARKDOWN[type(publication)], *OTHERS[type(publication)])
    return {name: as_text(getattr(publication, name)) for name in names}


def plain(fields: dict, names: Collection[str]) -> dict:
    """Return the fields with these names as versions keep them: days and instants as text."""
    return {name: as_text(fields[name]) for name in names if name in fields}


def publish(publication: Publication) -> None:
    """Show a draft to its readers, keep its first version, and let it be told. Twice: nothing more happens."""
    if publication.published_at is None:
        publication.published_at, publication.publish_on = utcnow(), None
        db.session.flush()
        revisions.keep(publication, content_of(publication), publication.author)
        dispatch.record(f"{publication.kind}.published", publication, publication.author_id)
        if publication.is_collaborative:
            following.begin(publication, publication.author)
        if publication.is_charter:
            set_charter(publication.council_id, publication)
        if isinstance(publication, Event):
            offers.offer_first(publication)


def is_due(now: datetime) -> tuple:
    """Return the conditions of a draft whose date to be published has come."""
    is_waiting = (Publication.published_at.is_(None), Publication.deleted_at.is_(None))
    return (Publication.publish_on <= now, *is_waiting, Publication.withdrawn_at.is_(None))


def is_any_due() -> bool:
    """Tell whether `publish_due` would find something."""
    return db.session.scalar(select(Publication.id).where(*is_due(utcnow())).limit(1)) is not None


def publish_due(publication_id: int) -> None:
    """Publish something whose date has come. Without its author, nobody could answer for it: it stays a draft."""
    due = select(Publication).where(Publication.id == publication_id, *is_due(utcnow()))
    lock_council(select(Publication.council_id).where(Publication.id == publication_id).scalar_subquery())
    publication = db.session.scalar(due.with_for_update(of=Publication, skip_locked=True))
    if publication is None:  # another process has it, or somebody has just changed it
        return
    publication.publish_on = None
    _leave_closed_groups(publication)
    if is_with_author(publication):
        begun = revisions.unsaved(publication, publication.author)
        content = begun.content if begun else None
        publish(publication)
        if content:  # a change that they have begun meanwhile is not part of it, and is not lost
            revisions.set_aside(publication, content, publication.author)


def _leave_closed_groups(publication):
    """Share a draft with no group that was archived, or that its council has left, since its date was set."""
    if publication.level == Visibility.GROUPS:
        still = groups_of(publication.council_id)
        publication.groups = [group for group in publication.groups if group in still]
        publication.level = Visibility.GROUPS if publication.groups else Visibility.COUNCIL


def lock_council(council_id: int | ColumnElement) -> None:
    """Let those who write for a council, and those who change its page, take their turn. Call it before the rows of
    publications are locked: everybody locks them in this order."""
    db.session.execute(select(Council.id).where(Council.id == council_id).with_for_update(key_share=True))


def set_charter(council_id: int, publication: Publication | None) -> None:
    """Make one document the charter of a council, or none; no other of its documents is any more. Two at once: the
    second finds the first. Whoever opened a form of one that changes by this is told that it did."""
    lock_council(council_id)
    former = [Publication.council_id == council_id, Publication.is_charter.is_(True)]
    if publication is not None:
        former.append(Publication.id != publication.id)
        publication.version += not publication.is_charter
        publication.is_charter = True
    lost = update(Publication).where(*former).values(is_charter=False, version=Publication.version + 1)
    if db.session.execute(lost).rowcount:
        renew(PAGES)
    db.session.flush()


# What the form offers, and what it says before anybody decides ----------------------------------------------------


def themes() -> list[Theme]:
    """Return the themes of the site."""
    return list(db.session.scalars(select(Theme).order_by(Theme.position, Theme.id)))


def groups_of(council_id: int, *options, kept: Collection[int] = ()) -> list[Group]:
    """Return the groups with which a council may share something: those that it is in and that are not archived; and
    those with which this very thing is shared already (`kept`, their ids), whatever became of them. They are loaded
    with `options`."""
    return list(db.session.scalars(_groups_with(council_id, kept).options(*options)))


def _groups_with(council_id, kept):
    its_own = select(group_councils.c.group_id).where(group_councils.c.council_id == council_id)
    is_open = and_(Group.id.in_(its_own), Group.archived_at.is_(None))
    return select(Group).where(or_(is_open, Group.id.in_(kept))).order_by(Group.name, Group.id)


def groups_kept(publication: Publication | None) -> list[int]:
    """Return the ids of the groups whose members read something already."""
    return [group.id for group in publication.groups] if publication and publication.published_at else []


def folders_of(council_id: int) -> list[Folder]:
    """Return the folders and series of a council."""
    return list(db.session.scalars(select(Folder).filter_by(council_id=council_id).order_by(Folder.name, Folder.id)))


def chosen(
    council_id: int,
    theme_ids: Collection[int],
    group_ids: Collection[int],
    folder_id: int | None,
    kept: Collection[int] = (),
) -> dict:
    """Return the rows of what was chosen in a form, under the names of the columns. What is no more, or no longer the
    council's, is not among them, but for the groups `kept`. They are held until the end of the write transaction."""
    groups = _groups_with(council_id, kept).where(Group.id.in_(group_ids))
    themes = select(Theme).where(Theme.id.in_(theme_ids)).order_by(Theme.position, Theme.id)
    folder = select(Folder.id).where(Folder.id == (folder_id or 0), Folder.council_id == council_id)
    return {
        "themes": list(db.session.scalars(themes.with_for_update(read=True))) if theme_ids else [],
        "groups": list(db.session.scalars(groups.with_for_update(read=True))) if group_ids else [],
        "folder_id": db.session.scalar(folder.with_for_update(read=True)) if folder_id else None,
    }


def folder_named(council_id: int, name: str, *, is_series: bool) -> int:
    """Return the id of the council's folder with this name; made when there is none."""
    new = insert_once(Folder, ["council_id", "name"]).values(council_id=council_id, name=name, is_series=is_series)
    known = select(Folder.id).filter_by(council_id=council_id, name=name).with_for_update(read=True)
    while True:  # somebody may delete it between the two
        if db.session.execute(new).rowcount == 1:
            renew(PAGES)
        if found := db.session.scalar(known):
            return found
