"""The minutes of an event, written when it has begun."""

from app.models import Event, User
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


def set_aside(event: Event, text: str, author: User) -> None:
    """Keep a text that was only previewed, beside whatever else its author has previewed of the event."""
    aside = revisions.unsaved(event, author)
    content = aside.content if aside else publishing.content_of(event)
    revisions.set_aside(event, {**content, "minutes": text}, author)


def save(event: Event, text: str, author: User) -> None:
    """Write the minutes of an event, whose row is locked, as a new version of it. Raises `markup.TextTooComplex`.

    What the author has previewed of the rest of the event, and not saved, stays set aside. Twice the same text:
    nothing more happens.
    """
    if text == event.minutes:
        return
    aside = revisions.unsaved(event, author)
    rest = aside and {**aside.content, "minutes": text}
    is_first = event.minutes_at is None
    publishing.write(event, {"minutes": text, "minutes_at": utcnow()})
    content = publishing.content_of(event)
    revisions.keep(event, content, author, "Compte-rendu")
    if rest and rest != content:
        revisions.set_aside(event, rest, author)
    if is_first:
        dispatch.record("event.minutes", event, author.id)
