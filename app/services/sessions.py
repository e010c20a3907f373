"""A second session: the same event once more, offered first to those for whom there was no place."""

import re
import secrets

from sqlalchemy import select

from app.extensions import db
from app.models import Attachment, Event, Publication, StoredFile, User
from app.services import attachments, publishing, texts
from app.services.publishing import lock_council

# What the next session has in common with the former one: its day and its hour are to be found.
SAME = (
    "summary", "description", "description_html", "agenda", "agenda_html", "place", "address", "organiser", "level",
    "territory_id", "time_zone", "takes_registrations", "seats", "admission", "questions", "own_question",
)  # fmt: skip
NUMBERED = re.compile(r"\s*\((\d{1,3})e séance\)$")
LONGEST = Publication.title.type.length


def next_title(title: str) -> str:
    """Return the title of the session that follows: « Le vélo » → « Le vélo (2e séance) » → « Le vélo (3e séance) »."""
    found = NUMBERED.search(title)
    end = f" ({int(found[1]) + 1 if found else 2}e séance)"
    return NUMBERED.sub("", title)[: LONGEST - len(end)].rstrip() + end


def begun(event: Event, user: User) -> Event | None:
    """Return the session after `event` that this person has begun and not published yet."""
    drafts = select(Event).where(Event.follows_id == event.id, Event.author_id == user.id)
    drafts = drafts.where(Event.published_at.is_(None), Event.deleted_at.is_(None), Event.council_id == user.council_id)
    return db.session.scalar(drafts.order_by(Event.id).limit(1))


def follow(event: Event, user: User) -> tuple[Event, int]:
    """Return a draft of the next session, with the same programme and the same files and no date yet, and how many
    files found no place. The draft that is there already is returned as it is. Call it with the event locked."""
    if draft := begun(event, user):
        return draft, 0
    draft = publishing.start(user, Event, secrets.token_hex(16))
    draft.follows_id = event.id
    ids = [theme.id for theme in event.themes], [group.id for group in event.groups]
    chosen = publishing.chosen(draft.council_id, *ids, None)
    fields = {name: getattr(event, name) for name in SAME} | {"themes": chosen["themes"], "groups": chosen["groups"]}
    publishing.write(draft, fields | {"title": next_title(event.name)})
    return draft, _copy_files(event, draft, user)


def _copy_files(event, draft, user):
    """Join the files of an event, but those of its minutes, to another one; return how many find no place. Their
    contents lie on the disk once."""
    lock_council(event.council_id)
    missing = 0
    for former in attachments.of(event, is_minutes=False):
        files = [former.file, former.picture, former.thumbnail]
        size = sum(file.size for file in files if file)
        if attachments.taken(event.council_id) + size > attachments.allowed():
            missing += 1
            continue
        file, picture, thumbnail = map(_twin, files)
        db.session.add(
            Attachment(
                publication=draft, file=file, picture=picture, thumbnail=thumbnail, position=former.position,
                alternative=former.alternative, added_by_id=user.id,
            )
        )  # fmt: skip
        db.session.flush()
    texts.index(draft)
    return missing


def _twin(file):
    """Return another row that names the same content, which stays as long as one of them does."""
    if file is None:
        return None
    names = ("digest", "name", "media_type", "size", "width", "height")
    return StoredFile(**{name: getattr(file, name) for name in names})
