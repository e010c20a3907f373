"""Files joined to what councils share, to articles and to messages: looked at, kept within the council's quota, taken
away and given back."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO

from flask import current_app
from sqlalchemy import ColumnElement, exists, func, or_, select, union
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.models import Article, Attachment, Message, Publication, StoredFile, User
from app.models.attachment import MOST, MOST_OF_MESSAGE
from app.models.types import utcnow
from app.services import contents, filetypes, pictures
from app.services.filetypes import BadFile
from app.services.pictures import BadPicture
from app.services.publishing import lock_council
from app.storage import Staged, TooLarge

log = logging.getLogger(__name__)
PICTURE_SIDE, THUMBNAIL_SIDE = 1600, 320  # pixels
COLUMNS = (Attachment.file_id, Attachment.picture_id, Attachment.thumbnail_id)
TOO_LARGE = "Ce fichier est trop lourd : {} Mo au plus. Enregistrez-en une version plus légère, ou découpez-le."
TOO_MANY = f"Il y a déjà {MOST} fichiers : c’est le plus possible. Retirez-en d’abord."
TOO_MANY_OF_MESSAGE = f"Un message a {MOST_OF_MESSAGE} fichiers au plus. Retirez-en d’abord."
NO_DISK = "Le site n’a pas pu garder ce fichier : envoyez-le de nouveau dans quelques minutes."
QUOTA = (
    "Il ne reste plus assez de place à votre conseil pour ce fichier. Retirez des fichiers qui ne servent plus, ou "
    "envoyez-en une version plus légère."
)

QUOTA_OF_DRAFTS = (
    "Il ne reste plus assez de place pour ce fichier : les articles que cette personne prépare en prennent trop. "
    "Envoyez-en une version plus légère, ou mettez-le sur un autre site et écrivez son adresse dans le texte."
)


@dataclass(frozen=True)
class Part:
    """A picture made of an image, ready to be kept."""

    staged: Staged
    width: int
    height: int


@dataclass(frozen=True)
class Incoming:
    """A file that will do, ready to be kept. `had_place`: it told where it was taken, and has been written anew."""

    name: str
    media_type: str
    staged: Staged
    picture: Part | None = None
    thumbnail: Part | None = None
    had_place: bool = False

    @property
    def staged_parts(self) -> list[Staged]:
        """All that lies ready."""
        return [self.staged, *(part.staged for part in (self.picture, self.thumbnail) if part)]

    @property
    def size(self) -> int:
        """The bytes that it will take."""
        return sum(staged.size for staged in self.staged_parts)


class FileRefused(ValueError):
    """A file that is not taken; the message is a French sentence that says why, and what to do."""


def receive(stream: BinaryIO, name: str) -> Incoming:
    """Write down a file that is sent, look at it, and make the smaller copies of an image.

    Slow: call it before a write transaction. Raises `FileRefused`; nothing is left of what is refused.
    """
    most = current_app.config["FILE_MB"]
    try:
        staged = contents.stage(stream, most * 2**20)
    except TooLarge:
        raise FileRefused(TOO_LARGE.format(most)) from None
    except OSError as error:
        log.exception("a file could not be written down")
        raise FileRefused(NO_DISK) from error
    try:
        look = filetypes.look(staged.path, name)
        return _with_pictures(look, staged) if look.is_picture else Incoming(look.name, look.media_type, staged)
    except (BadFile, BadPicture) as error:
        contents.discard(staged)
        raise FileRefused(str(error)) from error
    except BaseException:
        contents.discard(staged)
        raise


def shown_name(name: str) -> str:
    """Return what a sentence calls a file that is refused."""
    return filetypes.plain_name(name) or "sans nom"


def _with_pictures(look, staged):
    made = pictures.make_copies(staged.path, (PICTURE_SIDE, THUMBNAIL_SIDE))
    parts = [Part(contents.stage(copy.content), copy.width, copy.height) for copy in made.copies]
    if made.safe:
        contents.discard(staged)
        staged = contents.stage(made.safe.content)
    return Incoming(look.name, look.media_type, staged, *parts, had_place=made.safe is not None)


def discard(incoming: Incoming) -> None:
    """Forget a file that was received and is not kept after all."""
    for staged in incoming.staged_parts:
        contents.discard(staged)


# What a publication, or a message, has -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Envelope:
    """What holds the files of a message, from the moment when its form is first sent: the key of that form. The place
    that they take is that of the sender's council (None: of who has none)."""

    key: str
    council_id: int | None


Holder = Publication | Article | Envelope


def _held_by(holder):
    if isinstance(holder, Envelope):
        return Attachment.form_key == holder.key
    if isinstance(holder, Article):
        return Attachment.article_id == holder.id
    return Attachment.publication_id == holder.id


def of(holder: Holder, *, is_minutes: bool | None = None) -> list[Attachment]:
    """Return the files of a publication or message, in their order: all, those of the minutes of an event, or the
    others."""
    which = {} if is_minutes is None else {"is_minutes": is_minutes}
    there = select(Attachment).where(_held_by(holder)).filter_by(removed_at=None, **which)
    return list(db.session.scalars(there.order_by(Attachment.position, Attachment.id)))


def of_messages(message_ids: Collection[int]) -> dict[int, list[Attachment]]:
    """Return the files of each of these messages that has any in sight, in their order, by its id: one query."""
    shown = (Message.removed_at.is_(None), Message.hidden_at.is_(None), Attachment.removed_at.is_(None))
    there = select(Attachment).join(Attachment.message).where(Message.id.in_(message_ids), *shown)
    found = {}
    for attachment in db.session.scalars(there.order_by(Attachment.position, Attachment.id)) if message_ids else ():
        found.setdefault(attachment.message_id, []).append(attachment)
    return found


def known(holder: Holder) -> set[Attachment]:
    """Return all files of a publication or message, in sight or not."""
    return set(db.session.scalars(select(Attachment).where(_held_by(holder))))


def taken_away(holder: Holder) -> list[Attachment]:
    """Return the files that somebody has taken away, and that can be given back, the last one first."""
    gone = Attachment.removed_at.is_not(None), Attachment.removed_by_id.is_not(None)
    there = select(Attachment).where(_held_by(holder), *gone).options(joinedload(Attachment.file))
    return list(db.session.scalars(there.order_by(Attachment.removed_at.desc(), Attachment.id.desc())))


def waiting(holder: Holder, user: User, *, is_minutes: bool = False) -> list[Attachment]:
    """Return the files that this person has sent with a form that is not saved yet."""
    theirs = select(Attachment).where(
        are_waiting(), _held_by(holder), Attachment.added_by_id == user.id, Attachment.is_minutes == is_minutes
    )
    return list(db.session.scalars(theirs.order_by(Attachment.id)))


def are_waiting() -> ColumnElement[bool]:
    """Return the condition of the files that wait for their form to be saved: removed, but by nobody."""
    return Attachment.removed_at.is_not(None) & Attachment.removed_by_id.is_(None)


def add(
    holder: Holder,
    incoming: Incoming,
    user: User,
    *,
    is_minutes: bool = False,
    is_shown: bool = True,
    leaving: Collection[int] = (),
) -> Attachment:
    """Join a file to a publication or message. Not `is_shown`: it waits until `show`, and is forgotten after some days.
    All files of a message wait for `join`. `leaving`: the ids of those that go with the same form.

    Raises `FileRefused` when there are too many, or the council has too much. Call it in a write transaction:
    the council's row is locked, so that two at once do not pass its quota.
    """
    _make_sure_of_place(holder, incoming.size, leaving)
    file = contents.keep(incoming.staged, name=incoming.name, media_type=incoming.media_type)
    picture = _keep_part(incoming.picture, incoming.name, "")
    thumbnail = _keep_part(incoming.thumbnail, incoming.name, "-vignette")
    last = db.session.scalar(select(func.max(Attachment.position)).where(_held_by(holder))) or 0
    is_shown = is_shown and not isinstance(holder, Envelope)
    attachment = Attachment(
        **_columns(holder), file=file, picture=picture, thumbnail=thumbnail, added_by_id=user.id,
        is_minutes=is_minutes, position=last + 1, removed_at=None if is_shown else utcnow(),
    )  # fmt: skip
    db.session.add(attachment)
    db.session.flush()
    return attachment


def _columns(holder):
    if isinstance(holder, Envelope):
        return {"form_key": holder.key, "council_id": holder.council_id}
    return {"article": holder} if isinstance(holder, Article) else {"publication": holder}


def _make_sure_of_place(holder, size, leaving):
    if not isinstance(holder, Article):
        lock_council(holder.council_id)
    mine = select(func.count()).select_from(Attachment).where(_held_by(holder), Attachment.id.not_in(leaving))
    mine = mine.where(Attachment.removed_at.is_(None) | are_waiting())
    most, sentence = (MOST_OF_MESSAGE, TOO_MANY_OF_MESSAGE) if isinstance(holder, Envelope) else (MOST, TOO_MANY)
    if db.session.scalar(mine) >= most:
        raise FileRefused(sentence)
    if isinstance(holder, Article):
        if holder.published_at is None and holder.author_id and taken_by_drafts(holder.author_id) + size > allowed():
            raise FileRefused(QUOTA_OF_DRAFTS)
        return  # what is published is the site's: who runs it sees to its place
    if taken(holder.council_id) + size > allowed():
        raise FileRefused(QUOTA)


def _keep_part(part, name, mark):
    if part is None:
        return None
    name = f"{name.rpartition('.')[0]}{mark}.webp"
    size = {"width": part.width, "height": part.height}
    return contents.keep(part.staged, name=name, media_type=pictures.MEDIA_TYPE, **size)


def copy(attachment: Attachment, holder: Publication | Article, user: User) -> Attachment:
    """Join the same content to something else too, at the same place among its files."""
    files = {name: getattr(attachment, name) for name in ("file", "picture", "thumbnail")}
    rows = {name: file and contents.again(file) for name, file in files.items()}
    known = {"position": attachment.position, "alternative": attachment.alternative, "added_by_id": user.id}
    made = Attachment(**_columns(holder), **rows, **known)
    db.session.add(made)
    db.session.flush()
    return made


def show(holder: Publication | Article, ids: Collection[int], user: User) -> None:
    """Let files that this person had sent before, and that waited, be seen with the publication or article."""
    theirs = select(Attachment).where(
        are_waiting(), _held_by(holder), Attachment.added_by_id == user.id,
        Attachment.id.in_(ids),
    )  # fmt: skip
    for attachment in db.session.scalars(theirs) if ids else ():
        attachment.removed_at = None
    db.session.flush()


def join(envelope: Envelope, message: Message, user: User) -> None:
    """Let all files that this person has sent with the form of a message be seen with it. Twice: nothing more."""
    for attachment in waiting(envelope, user):
        attachment.removed_at, attachment.message = None, message
    db.session.flush()
    message.has_files = bool(of(envelope))


def remove(attachment: Attachment, user: User) -> None:
    """Take a file away from its publication or message, into the bin. Twice: nothing more happens. One that waited was
    never there: it is erased."""
    if attachment.removed_at is None:
        attachment.removed_at, attachment.removed_by_id = utcnow(), user.id
        db.session.flush()
    elif attachment.removed_by_id is None:
        erase([attachment])  # its content, which no row names any more, goes with those that a process left behind


def recover(attachment: Attachment) -> bool:
    """Give a file back to its publication or article; return False where it has too many by now."""
    if attachment.removed_at is not None:
        if len(of(attachment.article or attachment.publication)) >= MOST:
            return False
        attachment.removed_at = attachment.removed_by_id = None
        db.session.flush()
    return True


# The place that councils have -------------------------------------------------------------------------------------


def allowed() -> int:
    """Return the bytes that each council may take."""
    return current_app.config["COUNCIL_QUOTA_MB"] * 10**6


def taken(council_id: int | None) -> int:
    """Return the bytes that the files of a council take, of what it shares and of the messages of its members, those in
    its bin and smaller copies of images included. None: of all who have no council."""
    shared = Attachment.publication_id.in_(select(Publication.id).where(Publication.council_id == council_id))
    sent = Attachment.form_key.is_not(None) & (Attachment.council_id == council_id)
    return _weight(shared, sent)


def taken_by_drafts(author_id: int) -> int:
    """Return the bytes that the files of somebody's articles take which are not published, those in the bin and smaller
    copies of images included."""
    drafts = select(Article.id).where(Article.author_id == author_id, Article.published_at.is_(None))
    return _weight(Attachment.article_id.in_(drafts))


def _weight(*places):
    files = union(*(select(column).where(here, column.is_not(None)) for column in COLUMNS for here in places))
    return db.session.scalar(select(func.coalesce(func.sum(StoredFile.size), 0)).where(StoredFile.id.in_(files)))


def is_one(file: StoredFile) -> bool:
    """Tell whether a file is joined to a publication or message, be it as the smaller copy of an image."""
    return db.session.scalar(select(exists().where(or_(*(column == file.id for column in COLUMNS)))))


# The end of files -------------------------------------------------------------------------------------------------


def erase(attachments: Collection[Attachment]) -> list[str]:
    """Delete these rows with their files; return the digests of the contents, to be deleted after the commit."""
    files = {file for one in attachments for file in (one.file, one.picture, one.thumbnail) if file}
    for attachment in attachments:
        db.session.delete(attachment)
    db.session.flush()
    ids = [file.id for file in files]
    named = set(db.session.scalars(union(*(select(column).where(column.in_(ids)) for column in COLUMNS))))
    return contents.drop_rows([file for file in files if file.id not in named])


def erase_where(*which: ColumnElement[bool]) -> list[str]:
    """Delete all files that meet these conditions, as `erase` does."""
    return erase(db.session.scalars(select(Attachment).where(*which)).all())
