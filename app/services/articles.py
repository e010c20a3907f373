"""Articles of the site: written, submitted, published, taken away. Call the verbs in a write transaction, with the
article locked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from app.access import Viewer, articles_kept_by, may_write_articles, viewer_of
from app.extensions import db
from app.labels import LAST_EPISODE
from app.localtime import today
from app.markup import WHOLE, render
from app.models import Article, Attachment, Revision, Series, StoredFile, Territory, Theme, User
from app.models.types import utcnow
from app.notifications import dispatch
from app.services import attachments, contents, erasing, journal, pictures, revisions, texts
from app.services.attachments import Part
from app.services.bin import KEPT
from app.services.writing import Became, Changed, Refused
from app.text import as_text, fold, slug

WIDTH, THUMBNAIL = 1200, 320  # pixels of a side
RESERVED = ("publications", "boite-a-outils")  # pages that stand beside those of articles
DAYS = ("starts_on", "ends_on")
# What a version holds. Of a series it only tells: another article may have taken the number meanwhile.
KEPT_FIELDS = ("kind", "title", "summary", "body", "picture_words", "source", "source_address", *DAYS, "place")
COPIED = ("kind", "summary", "body", "body_html", "picture_words", "source", "source_address", "place")


class InBin(Refused):
    """It was deleted meanwhile."""

    sentence = (
        "Cet article est maintenant dans la corbeille. Votre texte est encore là : sortez d’abord l’article de la "
        "corbeille, puis envoyez encore une fois."
    )


class Shut(Refused):
    """It was decided meanwhile, or is no longer the writer's to change."""


class WrongNumber(Refused):
    """The article cannot have this number in its series."""


class NoNumber(WrongNumber):
    """No number comes after the last one of the series."""

    sentence = (
        f"Cette série va déjà jusqu’au numéro {LAST_EPISODE}, le plus grand : écrivez un numéro qui est libre, ou "
        "commencez une autre série."
    )


@dataclass(eq=False)
class NumberTaken(WrongNumber):
    """Another article of the series has this number."""

    other: Article

    @property
    def sentence(self):
        """What the writer is told."""
        where = ", dans la corbeille" if self.other.deleted_at else ""
        return (
            f"Le numéro {self.other.episode} de cette série est déjà celui de « {self.other.name} »{where} : "
            "choisissez-en un autre, ou laissez vide pour avoir le suivant."
        )


class NoSeries(Refused):
    """The series that was chosen is no more."""

    sentence = "Cette série n’existe plus : choisissez-en une autre, ou aucune."


@dataclass(frozen=True)
class Picture:
    """The copies of a picture that was sent, ready to be kept."""

    name: str
    light: Part
    thumbnail: Part


@dataclass(frozen=True)
class Asked:
    """What a form asks for. `deed`: the button. `version`: the one it started from; 0: it was to make something new.

    `picture`: a new one; `drops_picture`: the present one goes.
    """

    deed: str
    fields: dict  # columns, with the HTML of the text
    theme_ids: Collection[int]
    territories: list[Territory]
    series_id: int | None
    new_series: str
    episode: int | None
    version: int
    publish_on: datetime | None
    picture: Picture | None = None
    drops_picture: bool = False


# What is there ----------------------------------------------------------------------------------------------------


def is_waiting() -> tuple:
    """Return the conditions of the articles whose publication somebody has asked for."""
    asked = (Article.submitted_at.is_not(None), Article.published_at.is_(None), Article.publish_on.is_(None))
    return (*asked, Article.deleted_at.is_(None))


def waiting(viewer: Viewer) -> Select:
    """Return the query of what waits for a decision, the first submitted first."""
    query = select(Article).where(articles_kept_by(viewer), *is_waiting()).options(joinedload(Article.author))
    return query.order_by(Article.submitted_at, Article.id)


def count_waiting(viewer: Viewer) -> int:
    """Return how many articles wait for a decision."""
    return db.session.scalar(select(func.count(Article.id)).where(articles_kept_by(viewer), *is_waiting()))


def states() -> dict[str, ColumnElement[bool]]:
    """Return the conditions of the states that lists are narrowed by, by their value in addresses."""
    is_draft = and_(Article.published_at.is_(None), Article.publish_on.is_(None))
    day = today()
    return {
        "proposes": and_(is_draft, Article.submitted_at.is_not(None)),
        "brouillons": and_(is_draft, Article.submitted_at.is_(None)),
        "prevus": and_(Article.published_at.is_(None), Article.publish_on.is_not(None)),
        "publies": and_(
            Article.published_at.is_not(None), or_(Article.expires_on.is_(None), Article.expires_on >= day)
        ),
        "passes": and_(Article.published_at.is_not(None), Article.expires_on < day),
    }


def kept(viewer: Viewer, words: str = "", kind: str = "", state: str = "") -> Select:
    """Return the query of the articles that `viewer` looks after: what is not published first, then the newest."""
    query = select(Article).where(articles_kept_by(viewer), Article.deleted_at.is_(None))
    if kind:
        query = query.where(Article.kind == kind)
    if state:
        query = query.where(states()[state])
    if words and (held := texts.matching(words, texts.ARTICLES)) is not None:
        query = query.where(held)
    begun = case((Article.published_at.is_(None), 0), else_=1)
    newest = func.coalesce(Article.published_at, Article.created_at).desc()
    return query.options(joinedload(Article.author), joinedload(Article.series)).order_by(begun, newest, Article.id)


def in_bin(viewer: Viewer) -> Select:
    """Return the query of what `viewer` sees in the bin, the last that came first."""
    there = select(Article).where(articles_kept_by(viewer), Article.deleted_at.is_not(None))
    return there.options(joinedload(Article.author)).order_by(Article.deleted_at.desc(), Article.id.desc())


def series() -> list[Series]:
    """Return the series of the site."""
    return list(db.session.scalars(select(Series).order_by(Series.name)))


def is_out(article: Article) -> bool:
    """Tell whether readers see it, or will at a date: what is only tried is kept apart from it."""
    return article.published_at is not None or article.publish_on is not None


def is_only_tried(article: Article, deed: str) -> bool:
    """Tell whether this deed leaves what readers see, or will see at a date, as it is: whoever keeps a draft does not
    mean to publish it, be it published meanwhile."""
    return is_out(article) if deed == "preview" else article.published_at is not None and deed in ("draft", "submit")


def has_author(article: Article) -> bool:
    """Tell whether there is somebody to give it back to, who can still change it."""
    return article.author is not None and may_write_articles(viewer_of(article.author))


def is_owed_answer(article: Article, actor_id: int) -> bool:
    """Tell whether its author waits for an answer of somebody else, who does not let it vanish without a word."""
    is_asked = article.submitted_at is not None and article.published_at is None
    return is_asked and article.author_id != actor_id and has_author(article)


# Writing ----------------------------------------------------------------------------------------------------------


def start(author: User, key: str) -> Article | None:
    """Return the article that the form with this key makes: a new draft, or the one it has already made. None: what it
    made is somebody else's."""
    known = select(Article).where(Article.key == key, Article.author_id == author.id).with_for_update(of=Article)
    if (found := db.session.scalar(known)) is None:
        made = Article(author_id=author.id, key=key)
        try:
            with db.session.begin_nested():
                db.session.add(made)
        except IntegrityError:  # the other of two at once was first
            return db.session.scalar(known)
        return made
    return found


def rendered(fields: dict) -> dict:
    """Return `fields` with the HTML of the text: slow work, for before a write transaction. Raises
    `markup.TextTooComplex`."""
    if "body" not in fields:
        return fields
    texts.words_of(fields["body"])  # as slow, and remembered until `index` looks for them
    return fields | {"body_html": render(fields["body"], WHOLE)}


def write(article: Article, fields: dict) -> None:
    """Change some columns of an article. The text is rendered, unless its HTML is there. Raises
    `markup.TextTooComplex`, before anything is changed."""
    for name, value in (fields if "body_html" in fields else rendered(fields)).items():
        setattr(article, name, value)
    _touch(article)
    index(article)


def _touch(article):
    """Let the forms that were opened before know that something has changed."""
    article.version = (article.version or 0) + 1
    db.session.flush()


def index(article: Article) -> None:
    """Write down the words that an article is found by, in the transaction that changes it, its themes or files."""
    db.session.flush()
    names = select(StoredFile.name).join(Attachment, Attachment.file_id == StoredFile.id)
    names = names.where(Attachment.article_id == article.id, Attachment.removed_at.is_(None))
    parts = [article.title, article.summary, article.body, article.source, article.place, *db.session.scalars(names)]
    parts += [row.name for row in (*article.themes, *article.territories)]
    texts.write(texts.ARTICLES, article.id, [*parts, article.series.name if article.series else ""])


def content_of(article: Article) -> dict:
    """Return what a version keeps of an article."""
    known = {name: as_text(getattr(article, name)) for name in KEPT_FIELDS}
    return known | {"series": article.series.name if article.series else "", "episode": article.episode}


def differs(article: Article, fields: dict) -> bool:
    """Tell whether writing these columns would change anything."""
    return any(getattr(article, name) != value for name, value in fields.items())


def save(article: Article, asked: Asked, author: User, *, has_other_files: bool = False) -> list[str]:
    """Write down what a form asks for; of something published, as a new version. Its files are there already;
    `has_other_files`: they were others. Return the digests of contents that are of no more use, to be deleted after the
    commit.

    Raises `Refused`, before anything but a new series is written.
    """
    before, fields, former = content_of(article), asked.fields | _chosen(article, asked), article.series_id
    is_changed, is_redrawn = differs(article, fields), _is_redrawn(article, asked)
    if (is_changed or is_redrawn or _decides(article, asked)) and _is_stale(article, asked.version):
        raise Changed(list(_differences(article, fields)), article.version)
    if is_changed:
        write(article, fields)
    elif is_redrawn or has_other_files:
        _touch(article)
        index(article)
    unused = set_picture(article, asked.picture) if is_redrawn else []
    if not is_redrawn:
        discard_picture(asked.picture)  # the same form, sent twice
    if article.published_at and (is_changed or is_redrawn or has_other_files):
        _revise(article, before, author)
    revisions.drop_unsaved(article, author)
    erasing.drop_empty_series({former} - {None, article.series_id})
    return unused


def _is_redrawn(article, asked):
    """Tell whether the picture becomes another one, or goes."""
    if asked.picture is None:
        return asked.drops_picture and article.picture is not None
    return article.picture is None or article.picture.digest != asked.picture.light.staged.digest


def _decides(article, asked):
    """Tell whether this lets a draft be read, or forgets its date: not before one has seen what it has become."""
    if article.published_at is not None:
        return False
    if asked.deed == "draft":
        return article.publish_on is not None
    at = asked.publish_on if asked.deed == "publish" else None
    return asked.deed in ("publish", "now") and (at is None or at != article.publish_on)


def _differences(article, fields):
    """Yield how what is asked for differs from what is there, its place in lists included."""
    held = content_of(article) | _place(article.is_pinned, article.expires_on)
    typed = held | {name: as_text(fields[name]) for name in KEPT_FIELDS if name in fields}
    typed |= _place(fields.get("is_pinned", article.is_pinned), fields.get("expires_on", article.expires_on))
    series = fields["series"]
    yield from revisions.changes(held, typed | {"series": series.name if series else "", "episode": fields["episode"]})


def _place(is_pinned, expires_on):
    return {"is_pinned": "Oui" if is_pinned else "Non", "expires_on": as_text(expires_on)}


def _is_stale(article, version):
    """Tell whether it was changed since the form was opened. A new form has made at most one state of it."""
    return article.version != version and (version != 0 or article.version > 2)


def _revise(article, before, author, comment=""):
    article.edited_at = utcnow()
    if (content := content_of(article)) != before:
        revisions.keep(article, content, author, comment)


def _chosen(article, asked):
    """Return the rows that were chosen, under the names of the columns, held until the end of the transaction."""
    themes = select(Theme).where(Theme.id.in_(asked.theme_ids)).order_by(Theme.position, Theme.id)
    places = {place.id: place for place in asked.territories}.values()
    return {
        "themes": list(db.session.scalars(themes.with_for_update(read=True))) if asked.theme_ids else [],
        "territories": sorted(places, key=lambda place: (place.name, place.code)),
        **_numbered(article, asked),
    }


def _numbered(article, asked):
    """Return the series and the number in it. Whoever numbers holds the row of the series: two at once take two."""
    found = series_named(asked.new_series) if asked.new_series else _series(asked.series_id)
    if found is None:
        return {"series": None, "episode": None}
    others = select(Article).where(Article.series_id == found.id, Article.id != article.id)
    if asked.episode is None:
        last = db.session.scalar(select(func.max(Article.episode)).where(others.whereclause)) or 0
        if article.series_id == found.id and article.episode:
            return {"series": found, "episode": article.episode}
        if last >= LAST_EPISODE:
            raise NoNumber
        return {"series": found, "episode": last + 1}
    if other := db.session.scalar(others.where(Article.episode == asked.episode)):
        raise NumberTaken(other)
    return {"series": found, "episode": asked.episode}


def _series(series_id):
    if not series_id:
        return None
    found = db.session.scalar(select(Series).where(Series.id == series_id).with_for_update())
    if found is None:
        raise NoSeries
    return found


def series_named(name: str) -> Series:
    """Return the series with this name, locked, however its letters are written; made when there is none."""
    base, wanted = slug(name) or "serie", _plain(name)
    for address in (base if number == 1 else f"{base}-{number}" for number in count(1)):
        known = db.session.execute(select(Series.id, Series.name).order_by(Series.id))
        same = next((series_id for series_id, other in known if _plain(other) == wanted), 0)
        if found := db.session.scalar(select(Series).where(Series.id == same).with_for_update()):
            return found
        try:
            with db.session.begin_nested():
                made = Series(name=name, slug=address)
                db.session.add(made)
        except IntegrityError:  # the address is another one's, or somebody has just made it
            continue
        return made


def _plain(name):
    return fold(name) or name.casefold()


def set_picture(article: Article, picture: Picture | None) -> list[str]:
    """Give an article this picture in place of the one it has, or none. Return the digests of contents that are of no
    more use, to be deleted after the commit."""
    former = [file for file in (article.picture, article.thumbnail) if file]
    article.picture = article.thumbnail = None
    if picture:
        article.picture = _keep(picture.light, f"{picture.name}.webp")
        article.thumbnail = _keep(picture.thumbnail, f"{picture.name}-vignette.webp")
    db.session.flush()
    return contents.drop_rows(former)


def _keep(part, name):
    size = {"width": part.width, "height": part.height}
    return contents.keep(part.staged, name=name, media_type=pictures.MEDIA_TYPE, **size)


def receive_picture(content: bytes, name: str) -> Picture:
    """Make the copies of a picture that was sent: slow work, for before a write transaction. Raises
    `pictures.BadPicture`; nothing is left of what is refused."""
    made = [pictures.make_picture(content, width=side, height=side, crop=False) for side in (WIDTH, THUMBNAIL)]
    light, thumbnail = (Part(contents.stage(one.content), one.width, one.height) for one in made)
    return Picture(slug(name.rpartition(".")[0] or name, 60) or "image", light, thumbnail)


def hold_picture(article: Article, picture: Picture) -> list[str]:
    """Give a draft the picture of a form that is to be corrected, as `set_picture` does."""
    unused = set_picture(article, picture)
    _touch(article)
    return unused


def discard_picture(picture: Picture | None) -> None:
    """Forget a picture that was received and is not kept after all."""
    for part in (picture.light, picture.thumbnail) if picture else ():
        contents.discard(part.staged)


# From a draft to readers ------------------------------------------------------------------------------------------


def conclude(article: Article, asked: Asked, actor: User) -> Became:
    """Publish what was saved, now or at its date, or leave it as it is."""
    if article.published_at is not None:
        return Became.SAVED
    if asked.deed == "publish" and asked.publish_on:
        _set(article, publish_on=asked.publish_on)
        return Became.SCHEDULED
    if asked.deed in ("publish", "now"):
        publish(article, actor)
        return Became.PUBLISHED
    if asked.deed == "draft":
        unschedule(article)
    return Became.DRAFT


def publish(article: Article, actor: User | None) -> None:
    """Show a draft to everybody, at an address that never changes again, and let its author be told. `actor`: who
    decides; None: it was decided before. Twice: nothing more happens."""
    if article.published_at is not None:
        return
    is_asked = article.submitted_at is not None
    if article.slug is None:
        _give_address(article)
    article.published_at, article.publish_on, article.submitted_at = utcnow(), None, None
    article.returned_reason = ""
    _touch(article)
    revisions.keep(article, content_of(article), actor or article.author)
    actor_id = actor.id if actor else None
    journal.note("article.published", article, actor_id=actor_id)
    if is_asked:
        dispatch.record("article.published", article, actor_id)


def _give_address(article):
    base = slug(article.title) or "article"
    db.session.flush()
    like = select(Article.slug).where(or_(Article.slug == base, Article.slug.like(f"{base}-%")))
    taken = {*RESERVED, *db.session.scalars(like)}
    for address in (base if number == 1 else f"{base}-{number}" for number in count(1)):
        if address in taken:
            continue
        try:
            with db.session.begin_nested():
                article.slug = address
            return
        except IntegrityError:  # somebody publishes another one of this title at this instant
            taken.add(address)


def unschedule(article: Article) -> None:
    """Forget the date on which a draft was to be published."""
    _set(article, publish_on=None)


def _set(article, **columns):
    """Change some columns beside the text, if they are others."""
    if differs(article, columns):
        for name, value in columns.items():
            setattr(article, name, value)
        _touch(article)


def is_due(now: datetime) -> tuple:
    """Return the conditions of a draft whose date to be published has come."""
    return Article.publish_on <= now, Article.published_at.is_(None), Article.deleted_at.is_(None)


def is_any_due() -> bool:
    """Tell whether `publish_due` would find something."""
    return db.session.scalar(select(Article.id).where(*is_due(utcnow())).limit(1)) is not None


def publish_due(article_id: int) -> None:
    """Publish something whose date has come. A change that somebody has begun meanwhile is not part of it."""
    due = select(Article).where(Article.id == article_id, *is_due(utcnow()))
    article = db.session.scalar(due.with_for_update(of=Article, skip_locked=True))
    if article is None:  # another process has it, or somebody has just changed it
        return
    begun = revisions.unsaved(article, article.author) if article.author else None
    typed, version = begun.content if begun else None, str(article.version)
    publish(article, None)
    if typed:
        if typed.get("version") == version:  # its writer had seen all of it
            typed = typed | {"version": str(article.version)}
        revisions.set_aside(article, typed, article.author)


def submit(article: Article) -> None:
    """Ask the animators to publish a draft. Twice: they are asked once."""
    if article.submitted_at is None and not is_out(article):
        article.submitted_at, article.returned_reason = utcnow(), ""
        db.session.flush()
        dispatch.record("article.submitted", article, article.author_id)


def take_back(article: Article) -> None:
    """Take a draft back from the animators, as long as nothing is decided."""
    if not is_out(article):
        article.submitted_at = None
        db.session.flush()


def give_back(article: Article, actor: User, reason: str) -> bool:
    """Give a submitted article back to its author, who is told why; return False where it does not wait any more."""
    if article.submitted_at is None or is_out(article) or article.deleted_at:
        return False
    article.submitted_at, article.returned_reason = None, reason
    db.session.flush()
    journal.note("article.returned", article, actor_id=actor.id, reason=reason)
    dispatch.record("article.returned", article, actor.id)
    return True


# Afterwards -------------------------------------------------------------------------------------------------------


def pin(article: Article, *, is_pinned: bool) -> None:
    """Put an article before the others of its list, or among them again."""
    _set(article, is_pinned=is_pinned)


def expire(article: Article) -> None:
    """Take an article out of all lists from now on. Its page still answers."""
    if not article.is_expired:
        _set(article, expires_on=today() - timedelta(days=1))


def delete(article: Article, actor: User) -> None:
    """Put an article into the bin; a date that it was to be published on is forgotten. Twice: nothing more."""
    if article.deleted_at is None:
        article.deleted_at, article.publish_on = utcnow(), None
        if actor.id == article.author_id:
            article.submitted_at = None
        db.session.flush()
        _note(article, actor, "article.deleted")


def recover(article: Article, actor: User) -> None:
    """Take an article out of the bin, for the readers that it had. Twice: nothing more."""
    if article.deleted_at is not None:
        article.deleted_at = None
        db.session.flush()
        _note(article, actor, "article.recovered")


def _note(article, actor, verb):
    """One's own drafts concern nobody else."""
    if article.published_at or actor.id != article.author_id:
        journal.note(verb, article, actor_id=actor.id)


def recover_file(article: Article, attachment: Attachment) -> bool:
    """Give a file back that was taken away; return False where there are too many by now."""
    if not attachments.recover(attachment):
        return False
    _touch(article)
    index(article)
    if article.published_at:
        article.edited_at = utcnow()
    return True


def due_to_erase(most: int) -> list[int]:
    """Return the ids of the articles whose time in the bin is up."""
    return list(db.session.scalars(select(Article.id).where(_is_over()).limit(most)))


def _is_over():
    return Article.deleted_at <= utcnow() - KEPT


def erase_due(article_id: int) -> list[str]:
    """Erase an article if its time is still up. Returns the digests of contents that are of no more use."""
    is_over = select(Article.id).where(Article.id == article_id, _is_over())
    found = db.session.scalar(is_over.with_for_update())
    return erasing.erase_articles([found]) if found else []


def duplicate(article: Article, author: User, key: str) -> Article | None:
    """Return a new draft of `author` with the texts, themes, territories, picture and files of an article, but without
    its dates and its number. With the same key: the one that is there. None: the key made somebody else's."""
    made = start(author, key)
    if made is None or made.version > 1:
        return made
    columns = {name: getattr(article, name) for name in COPIED}
    made.picture, made.thumbnail = (file and contents.again(file) for file in (article.picture, article.thumbnail))
    for one in attachments.of(article):
        attachments.copy(one, made, author)
    title = f"Copie : {article.title}"[:200]
    write(made, columns | {"title": title, "themes": article.themes[:], "territories": article.territories[:]})
    return made


# Versions ---------------------------------------------------------------------------------------------------------


def fields_of(revision: Revision) -> dict:
    """Return a version as the columns that `write` takes, with the HTML of its text: slow work, for before a write
    transaction. Raises `markup.TextTooComplex`."""
    held = {name: value for name, value in revision.content.items() if name in KEPT_FIELDS}
    return rendered({name: date.fromisoformat(v) if v and name in DAYS else v for name, v in held.items()})


def restore(article: Article, fields: dict, number: int, author: User) -> bool:
    """Make a former text the present one, as a new version; return whether anything changed. Its series and number, its
    picture with its words and its files stay."""
    fields = {name: value for name, value in fields.items() if name != "picture_words"}
    if not differs(article, fields):
        return False
    before = content_of(article)
    write(article, fields)
    _revise(article, before, author, revisions.restored(number))
    return True
