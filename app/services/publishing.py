"""Writing and publishing what councils share."""

from sqlalchemy import select

from app.extensions import db
from app.labels import PublicationKind
from app.markup import render
from app.models import Action, Document, Event, Publication, User
from app.models.types import utcnow
from app.notifications import dispatch
from app.services import revisions, texts
from app.text import slug

MODELS = {PublicationKind.DOCUMENT: Document, PublicationKind.ACTION: Action, PublicationKind.EVENT: Event}
# What a version holds of each kind. Who may read it, its folder and its themes do not come back with an old text.
MARKDOWN = {Document: ("description",), Action: ("need", "description", "results", "lessons"),
            Event: ("description", "agenda")}  # fmt: skip
OTHERS = {
    Document: (),
    Action: ("stage", "carrier", "carrier_name", "partners", "contract", "pillar", "budget", "funders", "starts_on",
             "ends_on", "place", "contact"),
    Event: ("starts_at", "ends_at", "time_zone", "place", "address", "organiser"),
}  # fmt: skip


def start(author: User, model: type[Publication], key: str) -> Publication:
    """Return the publication that the form with this key makes: a new draft, or the one it has already made.

    `key` is drawn at random for each form. Call it in a write transaction.
    """
    known = select(model).where(model.key == key, model.author_id == author.id).with_for_update()
    if (found := db.session.scalar(known)) is None:
        found = model(author_id=author.id, council_id=author.council_id, key=key)
        db.session.add(found)
        db.session.flush()
    return found


def write(publication: Publication, fields: dict) -> None:
    """Change some fields of a publication: columns by name. Texts in Markdown are rendered.

    Raises `markup.TextTooComplex`, before anything is changed.
    """
    html = {f"{name}_html": render(fields[name]) for name in MARKDOWN[type(publication)] if name in fields}
    for name, value in (fields | html).items():
        setattr(publication, name, value)
    publication.slug = slug(publication.title) or "sans-titre"
    publication.version += 1
    texts.index(publication)
    db.session.flush()


def content_of(publication: Publication) -> dict:
    """Return what a version keeps of a publication."""
    names = ("title", "summary", *MARKDOWN[type(publication)], *OTHERS[type(publication)])
    return {name: _plain(getattr(publication, name)) for name in names}


def _plain(value):
    return value.isoformat() if hasattr(value, "isoformat") else value


def publish(publication: Publication) -> None:
    """Show a draft to its readers, keep its first version, and let it be told. Twice: nothing more happens."""
    if publication.published_at is None:
        publication.published_at, publication.publish_on = utcnow(), None
        db.session.flush()
        revisions.keep(publication, content_of(publication), publication.author)
        dispatch.record(f"{publication.kind}.published", publication, publication.author_id)
