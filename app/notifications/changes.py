"""What was changed in an event that is announced: kept as it was before, and told as what it is now."""

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.extensions import db
from app.localtime import clock
from app.models import Activity, Attachment, Event, Publication
from app.models.types import utcnow
from app.templating import clock as said_hour
from app.templating import quoted, sitting, weekday
from app.text import as_text

WHEN, WHERE = ("starts_at", "ends_at", "time_zone"), ("place", "address")
FACTS = ("title", *WHEN, *WHERE)  # what people act upon: it is told even when its author calls it a small correction
TEXTS = ("summary", "description", "agenda", "organiser")


@dataclass(frozen=True)
class Changes:
    """What differs: the facts by name, and whether other parts of the announcement do."""

    facts: frozenset[str]
    others: bool

    def __bool__(self) -> bool:
        return bool(self.facts) or self.others


def kept(content: dict, files: Collection[int], *, is_quiet: bool) -> dict:
    """Return what an activity keeps of how an event was: `content` is that of a version, `files` the ids of its
    attachments. With `is_quiet`, nobody is told of anything but facts."""
    facts = {name: content[name] for name in FACTS}
    return facts | {"text": _mark(content), "files": sorted(files), "is_quiet": is_quiet}


def noted(author_id: int, earlier: Collection[int]) -> dict:
    """Return what an activity keeps beside: who made the changes that it tells, and when the last one was made."""
    return {"actors": sorted({*earlier, author_id}), "last_at": utcnow().isoformat()}


def _mark(content):
    text = json.dumps([content[name] for name in TEXTS])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def between(before: dict, after: dict) -> Changes:
    """Return what differs between two states of an event."""
    facts = frozenset(name for name in FACTS if before[name] != after[name])
    others = any(before[name] != after[name] for name in ("text", "files"))
    return Changes(facts, others and not before["is_quiet"])


def states(event_ids: Collection[int]) -> dict[int, dict]:
    """Return how these events are now, by their id, as `kept` returns how one was."""
    files = files_of(event_ids)
    columns = [getattr(Event, name) for name in (*FACTS, *TEXTS)]
    rows = db.session.execute(select(Event.id, *columns).where(Event.id.in_(event_ids))).mappings()
    return {row["id"]: kept({n: as_text(row[n]) for n in row}, files[row["id"]], is_quiet=False) for row in rows}


def files_of(event_ids: Collection[int]) -> dict[int, list[int]]:
    """Return the ids of the files that announce each of these events; those of its minutes come after it."""
    ids = list(event_ids)
    there = select(Attachment.publication_id, Attachment.id).where(
        Attachment.publication_id.in_(ids), Attachment.removed_at.is_(None), Attachment.is_minutes.is_(False)
    )
    found = {event_id: [] for event_id in ids}
    for event_id, attachment_id in db.session.execute(there).all():
        found[event_id].append(attachment_id)
    return found


def history(event_id: int) -> list[tuple[datetime, dict]]:
    """Return what was recorded of the changes of an event, the oldest first: when the last of each was made, and how
    the event was before it."""
    about = {"subject_type": Publication.__tablename__, "subject_id": event_id}
    rows = select(Activity.created_at, Activity.data).filter_by(verb="event.changed", **about).order_by(Activity.id)
    return [(_last(created_at, data), data) for created_at, data in db.session.execute(rows).all() if data]


def as_of(past: list[tuple[datetime, dict]], event: Event, since: datetime) -> dict:
    """Return how an event was for somebody who knows it since an instant: as it was before the first change that came
    later; as it is, when none did."""
    known = next((data for instant, data in past if instant >= since), None)
    return known or {name: as_text(getattr(event, name)) for name in FACTS}


def _last(created_at, data):
    return _instant(data.get("last_at")) or created_at


# In words ---------------------------------------------------------------------------------------------------------


def sentences(event: Event, before: dict, changes: Changes, *, tells_where: bool) -> Iterator[str]:
    """Yield what has changed, a sentence for each thing. Without `tells_where`, the place is read on the page only."""
    if "title" in changes.facts:
        yield f"Nouveau titre : {quoted(event.title)}, au lieu de {quoted(before['title'])}."
    if changes.facts.intersection(WHEN):
        yield _when(event, before)
    if changes.facts.intersection(WHERE):
        yield _where(event, before) if tells_where else "Le lieu change : il est écrit sur la page de l’événement."
    if changes.others:
        yield "Le texte de l’annonce, ou ses fichiers, ont été modifiés."


def _when(event, before):
    starts_at, ends_at = _instant(before["starts_at"]), _instant(before["ends_at"])
    if event.starts_at is None or starts_at is None:
        now = sitting(event.starts_at, event.ends_at, event.time_zone) if event.starts_at else "à fixer"
        return f"Nouvelle date : {now}."
    new, old = clock(event.time_zone, event.starts_at), clock(before["time_zone"], starts_at)
    words = "Nouvelle heure" if new.date() == old.date() else "Nouvelle date"
    now = sitting(event.starts_at, event.ends_at, event.time_zone)
    return f"{words} : {now}, au lieu de : {sitting(starts_at, ends_at, before['time_zone'])}."


def _where(event, before):
    new, old = _spot(event.place, event.address), _spot(before["place"], before["address"])
    return f"Nouveau lieu : {new or 'à préciser'}{f', au lieu de : {old}' if old else ''}."


def _spot(*parts):
    return ", ".join(filter(None, parts))


def _instant(text):
    return datetime.fromisoformat(text) if text else None


def in_short(event: Event, changes: Changes) -> str:
    """Say the change as an SMS does: the new beginning, which is what people must know."""
    is_moved = changes.facts.intersection(WHEN) and event.starts_at
    return f"Changement : {event.title}{f', {moment(event)}' if is_moved else ''}"


def moment(event: Event) -> str:
    """Say the beginning of an event as an SMS does: « vendredi 4 décembre 2026 à 18 h »."""
    local = clock(event.time_zone, event.starts_at)
    return f"{weekday(local)} à {said_hour(local)}"


def when(state: dict) -> str:
    """Say when an event was to be, from a state as `kept` returns it; nothing when it had no day."""
    starts_at, ends_at = _instant(state["starts_at"]), _instant(state["ends_at"])
    return sitting(starts_at, ends_at, state["time_zone"]) if starts_at else ""
