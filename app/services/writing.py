"""What a form that writes for a council changes: whether it may, and what becomes of it. Call it in a write
transaction, with the publication locked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import select

from app.access import may_edit, opens_wider, viewer_of
from app.extensions import db
from app.labels import WAYS_OF_WRITING, SideReason, Visibility
from app.markup import TextTooComplex, check
from app.models import Article, Event, Publication, SideVersion, User
from app.models.types import utcnow
from app.services import adopting, attachments, following, offers, publishing, revisions

PLACES = ("seats", "admission", "takes_registrations")  # a change of these may free a place
MARKS = ("is_charter", "is_collaborative", "groups_write")  # of a document, beside what versions hold
ADOPTED = ("title", "summary")  # with the text
TWIN_AGE = timedelta(days=1)  # the « Back » of a browser brings a form of today
SAME = {Event: ("title", "description", "starts_at"), Article: ("title", "body", "kind")}  # what twins share


class Refused(Exception):
    """Nothing was written; the form comes back. `sentence` tells its writer why, unless the page asks a question."""

    sentence = ""


class InBin(Refused):
    """It was deleted meanwhile."""

    sentence = (
        "Ceci est maintenant dans la corbeille de votre conseil. Votre texte est encore là : sortez d’abord la page de "
        "la corbeille, puis envoyez encore une fois."
    )


class Taken(Refused):
    """What this form has made is no longer its author's to change."""

    sentence = (
        "Vous ne pouvez plus changer ce que ce formulaire avait publié. Votre texte est encore là : envoyez encore une "
        "fois, et ce sera une nouvelle page."
    )


class NoGroup(Refused):
    """A group that was chosen is no more."""

    sentence = "Un groupe que vous aviez coché vient de disparaître. Relisez le niveau d’accès, puis envoyez encore."


class NoFolder(Refused):
    """The folder that was chosen is no more."""

    sentence = "Ce dossier vient d’être supprimé : choisissez-en un autre, ou aucun."


@dataclass(eq=False)
class Changed(Refused):
    """Something else was saved since the form was opened: how it differs, and its present version."""

    changes: list
    version: int
    sentence = (
        "Ceci a été changé depuis que vous avez ouvert cette page, peut-être dans un autre onglet. Rien n’est perdu : "
        "comparez, puis envoyez encore une fois si votre texte doit remplacer ce qui est enregistré."
    )


@dataclass(eq=False)
class WrittenApart(Refused):
    """By now several people write the description, which is `known`: this form, which brings another one, cannot."""

    known: str


class Adopted(Refused):
    """A text that was adopted stays with those who adopted it."""

    sentence = "Ce document est adopté : il reste collaboratif. Rouvrez-le d’abord, sur la page de ses versions."


class Frozen(Refused):
    """A title or a summary that was adopted with its text stays as it was adopted."""

    sentence = (
        "Ce document est adopté : son titre et son résumé ne changent plus. Rouvrez-le d’abord, sur la page de ses "
        "versions."
    )


class Unsettled(Refused):
    """Texts that others wrote wait beside it, on a page that only those who write it see."""

    sentence = (
        "Des textes sont encore en attente d’un choix : le document reste collaboratif. Choisissez, ou écartez-les, "
        "sur la page du document."
    )


@dataclass(eq=False)
class TooLong(Refused):
    """The text is too long, or too complex, for a document of one author; `why`, a sentence, says how."""

    why: str

    @property
    def sentence(self):
        """What its author is told."""
        return f"Ce document reste collaboratif. {self.why}"


class Wider(Refused):
    """More people could read it, or write it and read its former versions: its author is asked first."""


@dataclass(eq=False)
class Repeated(Refused):
    """The same author has just made the same: they are asked whether it is to be there twice."""

    twin: Publication | Article


class Became(Enum):
    """What a form that was right has made."""

    DRAFT = auto()
    SCHEDULED = auto()
    PUBLISHED = auto()
    SAVED = auto()  # it was published before


@dataclass(frozen=True)
class Asked:
    """What a form asks for. `deed`: the button. `version`: the one it started from; 0: it was to make something new.

    `is_confirmed`: whether its author has agreed to open it to more people; `repeats`: the id of what they agreed to
    make a second time, or 0. `is_quiet`: nobody is to be told of a small correction.
    """

    deed: str
    fields: dict  # columns, with the HTML of their texts
    level: Visibility
    group_ids: Collection[int]
    theme_ids: Collection[int]
    folder_id: int | None
    new_folder: str
    is_series: bool
    version: int
    publish_on: datetime | None
    is_confirmed: bool
    repeats: int
    is_quiet: bool = False


@dataclass(frozen=True)
class Change:
    """What is about to be written: columns and rows, and how it was before."""

    item: Publication
    fields: dict
    before: dict  # its content
    files: set[int]
    is_changed: bool
    is_wider: bool
    is_narrower: bool
    is_quiet: bool = False
    is_turned: bool = False  # others write it from now on, or no longer
    lets_groups_write: bool = False  # from now on, which shows them its former versions


@dataclass(frozen=True)
class Done:
    """What follows from a change of something published: whether people will be told of it, and whether its places are
    others now."""

    is_told: bool
    has_other_places: bool


def is_out(item: Publication) -> bool:
    """Tell whether readers see it, or will at a date: what is only tried is kept apart from it."""
    return item.published_at is not None or item.publish_on is not None


def is_only_tried(item: Publication, deed: str) -> bool:
    """Tell whether this deed leaves what readers see, or will see at a date, as it is."""
    return is_out(item) and (deed == "preview" or (deed == "draft" and item.published_at is not None))


def start(author: User, model: type[Publication], key: str) -> Publication:
    """Return what the form with this key makes. See `publishing.start`."""
    item = publishing.start(author, model, key)
    if item is None or not may_edit(viewer_of(author), item):
        raise Taken
    return item


def require_shelf(item: Publication) -> None:
    """Refuse to write in the bin."""
    if item.deleted_at is not None:
        raise InBin


def require_new(item: Publication | Article, fields: dict, repeats: int) -> None:
    """Ask before the same author makes the same twice within a day: « Back » draws another form with the same text.
    `repeats`: the id of what they agree to make a second time."""
    twin = _twin(item, fields) if item.published_at is None else None
    if twin is not None and twin.id != repeats:
        raise Repeated(twin)


def _twin(item, fields):
    model = type(item)
    names = SAME.get(model, ("title", "description"))
    if not any(fields[name] for name in names):
        return None
    same = [getattr(model, name) == fields[name] for name in names]
    its_own = (model.author_id == item.author_id, model.id != item.id, model.deleted_at.is_(None))
    recent = model.created_at > utcnow() - TWIN_AGE
    return db.session.scalar(select(model).where(*its_own, *same, recent).order_by(model.id.desc()).limit(1))


def look(item: Publication, asked: Asked) -> Change:
    """Return what this would change. Raises `Refused`, before anything is written but a new folder."""
    fields, chosen = _without_text(item, asked.fields), _chosen(item, asked)
    was, wanted = (Visibility(item.level), {group.id for group in item.groups}), (asked.level, set(asked.group_ids))
    before = publishing.content_of(item)
    is_changed = publishing.differs(item, fields | chosen)
    if is_changed and _is_stale(item, asked.version):
        typed = before | publishing.plain(fields, before)
        known = {name: getattr(item, name) for name in MARKS if name in fields}
        marked = _marked(before, known), _marked(typed, fields)
        raise Changed(list(revisions.changes(*marked)), item.version)
    is_turned = _is_turned(item, fields)
    _require_title(item, fields)
    is_wider = item.published_at is not None and opens_wider(was, wanted)
    lets_groups_write = item.published_at is not None and _lets_groups_write(item, asked)
    if (is_wider or lets_groups_write) and not asked.is_confirmed:
        raise Wider
    is_narrower = opens_wider(wanted, was)
    widths = {"is_wider": is_wider, "is_narrower": is_narrower}
    told = {"is_quiet": asked.is_quiet, "is_turned": is_turned, "lets_groups_write": lets_groups_write}
    return Change(item, fields | chosen, before, _files(item), is_changed, **widths, **told)


def is_written_apart(item: Publication) -> bool:
    """Tell whether several people write its description by now, on a page of its own."""
    return item.is_collaborative and item.published_at is not None


def _without_text(item, fields):
    """Return the fields without the description when that is written apart: nothing that others wrote is lost."""
    if not is_written_apart(item) or "description" not in fields:
        return fields
    if fields["description"] not in ("", item.description):
        raise WrittenApart(item.description)
    return {name: value for name, value in fields.items() if name not in ("description", "description_html")}


def _is_turned(item, fields):
    """Tell whether others write something published from now on, or no longer. Raises `Refused` where they must."""
    is_together = fields.get("is_collaborative", item.is_collaborative)
    if item.published_at is None or is_together == item.is_collaborative:
        return False
    if not is_together:
        _require_end(item)
    return True


def _require_title(item, fields):
    """Refuse to change what is adopted with a text."""
    if not is_written_apart(item) or not publishing.differs(item, {name: fields[name] for name in ADOPTED}):
        return
    if adopting.standing(item):
        raise Frozen


def _lets_groups_write(item, asked):
    """Tell whether the members of groups may write from now on who could not."""
    marks = {name: asked.fields.get(name, getattr(item, name)) for name in ("is_collaborative", "groups_write")}
    could = item.is_collaborative and item.groups_write and item.level == Visibility.GROUPS
    return all(marks.values()) and asked.level == Visibility.GROUPS and not could


def _require_end(item):
    """Refuse to take a text back from those who have adopted it, or whose words would be lost."""
    if adopting.standing(item):
        raise Adopted
    waiting = select(SideVersion.id).filter_by(publication_id=item.id, closed_at=None)
    if db.session.scalar(waiting.where(SideVersion.reason != SideReason.PREVIEW).limit(1)):
        raise Unsettled
    try:
        check(item.description)
    except TextTooComplex as error:
        raise TooLong(str(error)) from None


def _marked(content, columns):
    """Return a content with what versions do not hold: that it is the charter, which others may say too, and who writes
    it."""
    if columns.get("is_charter"):
        content = content | {"charter": [0, "C’est la charte du conseil"]}
    if "is_collaborative" in columns:
        way = WAYS_OF_WRITING["together" if columns["is_collaborative"] else "classic"]
        content = content | {"is_collaborative": way, "groups_write": "Oui" if columns["groups_write"] else "Non"}
    return content


def _files(item):
    return {one.id for one in attachments.of(item, is_minutes=False)}


def _chosen(item, asked):
    """Return what was chosen beside the text, as it is in the database now."""
    kept = publishing.groups_kept(item)
    chosen = publishing.chosen(item.council_id, asked.theme_ids, asked.group_ids, asked.folder_id, kept)
    if len(chosen["groups"]) < len(set(asked.group_ids)):
        raise NoGroup
    if asked.folder_id and chosen["folder_id"] is None:
        raise NoFolder
    if asked.new_folder:
        chosen["folder_id"] = publishing.folder_named(item.council_id, asked.new_folder, is_series=asked.is_series)
    return chosen | {"level": asked.level}


def _is_stale(item, version):
    """Tell whether the item was changed since the form was opened. A new form has made at most one state of it."""
    return item.version != version and (version != 0 or item.version > 2)


def carry_out(change: Change, author: User) -> Done:
    """Write the change down, once the files that come with it are there; of something published, as a new version."""
    item, is_told, may_move = change.item, False, False
    if change.is_changed or _files(item) != change.files:
        may_move = _has_other_places(item, change.fields)
        if change.is_turned:
            item.origins = None  # who wrote which line is not known of what a form of its author has changed
        publishing.write(item, change.fields)
        if change.is_turned and item.is_collaborative:
            following.begin(item, author)
        if item.published_at and item.is_charter:
            publishing.set_charter(item.council_id, item)
        if item.published_at:
            quiet = {"is_quiet": change.is_quiet}
            is_told = publishing.revise(item, change.before, author, files=change.files, **quiet)
        if may_move:
            offers.advance(item)
    return Done(is_told, may_move)


def _has_other_places(item, fields):
    """Tell whether the places at something published are about to change."""
    if not isinstance(item, Event) or item.published_at is None:
        return False
    return publishing.differs(item, {name: fields[name] for name in PLACES if name in fields})


def conclude(item: Publication, asked: Asked, author: User) -> Became:
    """Publish what was written, now or at its date, or leave it as it is. Nothing is unsaved any more."""
    revisions.drop_unsaved(item, author)
    if item.published_at is not None:
        return Became.SAVED
    item.publish_on = asked.publish_on if asked.deed == "publish" else None
    if asked.deed in ("preview", "draft", "save"):
        return Became.DRAFT
    if item.publish_on:
        return Became.SCHEDULED
    publishing.publish(item)
    return Became.PUBLISHED
