"""The minutes of an event, written when it has begun."""

from app.extensions import db
from app.models import Event, Publication, User
from app.models.types import utcnow
from app.notifications import dispatch
from app.services import publishing, revisions


def mark_of(event: Event) -> str:
    """Return what changes with each save of the minutes: a form carries it to tell that it starts from them."""
    return event.minutes_at.isoformat() if event.minutes_at else ""


def written(event: Event, author: User) -> str:
    """Return the text that its author previewed and did not save, or else the minutes as they are."""
    aside = revisions.unsaved(event, author)
    return aside.content.get("minutes", event.minutes) if aside else event.minutes


def only_previewed(publication: Publication, author: User) -> dict:
    """Return what its author previewed of the minutes of an event and did not save, as a field; {} when nothing."""
    aside = revisions.unsaved(publication, author) if isinstance(publication, Event) else None
    text = aside.content.get("minutes") if aside else None
    return {} if text is None or text == publication.minutes else {"minutes": text}


def set_aside(event: Event, text: str, author: User) -> None:
    """Keep a text that was only previewed, beside whatever else its author has previewed of the event."""
    aside = revisions.unsaved(event, author)
    content = aside.content if aside else publishing.content_of(event)
    revisions.set_aside(event, {**content, "minutes": text}, author)


def save(event: Event, fields: dict, author: User, *, has_other_files: bool = False) -> None:
    """Write the minutes of an event, whose row is locked. A new text makes a new version of the event; minutes may
    also be nothing but files. `fields` are the text and its HTML, as `publishing.rendered` gives them.

    What the author has previewed of the rest of the event, and not saved, stays set aside. Twice the same: nothing
    more happens.
    """
    text, aside = fields["minutes"], revisions.unsaved(event, author)
    rest = aside and {**aside.content, "minutes": text}
    is_new, is_first = text != event.minutes, event.minutes_at is None
    if is_new or has_other_files:
        publishing.write(event, {**fields, "minutes_at": utcnow()})
        if is_new or is_first:
            revisions.keep(event, publishing.content_of(event), author, "Compte-rendu")
        if is_first:
            dispatch.record("event.minutes", event, author.id)
    if rest:
        revisions.drop_unsaved(event, author)
        db.session.flush()
        if rest != publishing.content_of(event):
            revisions.set_aside(event, rest, author)
