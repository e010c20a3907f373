"""Calendars for telephones (iCalendar, RFC 5545): one event, or those that somebody may read, kept up to date."""

import re
import secrets
from base64 import b32encode
from collections import defaultdict
from datetime import date, timedelta
from functools import lru_cache
from hmac import compare_digest
from html import unescape
from urllib.parse import urlsplit

import icalendar
from flask import current_app
from sqlalchemy import Row, select

from app.access import Viewer
from app.extensions import db
from app.labels import PATH_OF_KIND, PublicationKind, Visibility
from app.localtime import clock
from app.models import Council, Event, Publication, Territory, Theme, User, publication_themes
from app.models.types import utcnow
from app.notifications.links import site_address
from app.services.agenda import shown
from app.services.directory import directory
from app.text import fold, one_line

PAST, AHEAD, MOST = timedelta(days=60), timedelta(days=365), 1000  # what a calendar holds
READ_AGAIN = timedelta(hours=4)  # how often telephones should ask
LONGEST = 4000  # characters of a description
KEY_BYTES = 20  # 160 bits, 32 letters and digits
SHOWN = 8  # signs of a key by which its row is found; the others, 120 bits, are compared in constant time
KEPT = 5000  # events that this process need not write again, of about 1 KB each
END = b"END:VCALENDAR\r\n"
COLUMNS = (
    Event.id, Event.slug, Event.title, Event.summary, Event.level, Event.version, Event.starts_at, Event.ends_at,
    Event.time_zone, Event.place, Event.address, Event.organiser, Event.cancelled_at, Event.cancelled_reason,
    Event.takes_registrations, Event.published_at, Event.edited_at, Council.name.label("council"),
    Council.slug.label("council_slug"), Event.council_id, Territory.name.label("territory"),
)  # fmt: skip
BLOCK_END = re.compile(r"</(?:p|li|h[1-6]|tr|pre|blockquote)>|<br[^>]*>|<hr[^>]*>")
TAG = re.compile(r"<[^>]*>")


# What it holds ----------------------------------------------------------------------------------------------------


def rows(viewer: Viewer, *conditions) -> list[Row]:
    """Return the events for a calendar that `viewer` may read: from `PAST` ago until `AHEAD`, at most `MOST` of them,
    the nearest first. What moderation hides is in none."""
    now = utcnow()
    ahead = _rows(viewer, *conditions, Event.starts_at >= now, Event.starts_at < now + AHEAD)
    found = db.session.execute(ahead.order_by(Event.starts_at, Event.id).limit(MOST)).all()
    past = _rows(viewer, *conditions, Event.starts_at < now, Event.starts_at >= now - PAST)
    past = past.order_by(Event.starts_at.desc(), Event.id.desc()).limit(MOST - len(found))
    return [*found, *db.session.execute(past)]


def _rows(viewer, *conditions):
    return _query().where(shown(viewer, Publication.hidden_at.is_(None), *conditions))


def _query():
    query = select(*COLUMNS).outerjoin(Council, Council.id == Publication.council_id)
    return query.outerjoin(Territory, Territory.id == Event.territory_id)


def row_of(event: Event) -> Row:
    """Return one event as `rows` does. Whether somebody may read it, the caller has asked."""
    return db.session.execute(_query().where(Event.id == event.id)).one()


def written(events: list[Row], name: str, text: str = "") -> bytes:
    """Return the calendar of these events, always the same until one of them changes. `text`: the whole text of the
    only one, where there is but one.

    Of what is not for everybody, a telephone is told the title, when and where, and the address of the page.
    """
    themes, site = _themes(events), current_app.config["BASE_URL"]
    towns = {entry.id: _names(entry.communes) for entry in directory().councils}
    entry_of = _entry if text else _kept_entry
    parts = [*_zones(events)]
    for event in events:
        where = towns.get(event.council_id) or event.territory or ""
        parts.append(entry_of(event, tuple(themes[event.id]), where, site, text))
    return _head(name).replace(END, b"".join([*parts, END]))


def _names(communes):
    return " et ".join(place.name for place in communes)


def _head(name):
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//{current_app.config['SITE_NAME']}//Agenda//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for title in ("name", "x-wr-calname"):
        calendar.add(title, icalendar.vText(one_line(name)))
    calendar.add("refresh-interval", READ_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", icalendar.vDuration(READ_AGAIN))
    return calendar.to_ical()


def _entry(event, themes, town, site, text):
    """Write one event. What it depends on is all in the arguments; `site` stands in its addresses."""
    entry = icalendar.Event()
    # Without a METHOD, the stamp is that of the last change (RFC 5545, 3.8.7.2).
    changed = max(filter(None, (event.published_at, event.edited_at, event.cancelled_at)), default=utcnow())
    address = address_of(event)
    entry.add("uid", f"evenement-{event.id}@{urlsplit(site).hostname}")
    entry.add("dtstamp", changed)
    entry.add("last-modified", changed)
    entry.add("sequence", event.version + bool(event.cancelled_at))
    entry.add("status", "CANCELLED" if event.cancelled_at else "CONFIRMED")
    entry.add("summary", ("Annulé : " if event.cancelled_at else "") + (event.title or "Sans titre"))
    entry.add("dtstart", _told(event.starts_at, event.time_zone))
    if event.ends_at:
        entry.add("dtend", _told(event.ends_at, event.time_zone))
    if where := _where(event, town):
        entry.add("location", where)
    entry.add("url", address)
    if event.level == Visibility.PUBLIC:
        _add_public(entry, event, themes, text, address)
    return entry.to_ical()


_kept_entry = lru_cache(KEPT)(_entry)  # most calendars hold what others hold too, and little of it changes


def _where(event, town):
    """Return the place, the address, and the town unless these name it."""
    said = ", ".join(filter(None, (event.place, event.address)))
    return said if f" {fold(town)} " in f" {fold(said)} " else ", ".join(filter(None, (said, town)))


def _add_public(entry, event, themes, text, address):
    """Add what everybody may know."""
    entry.add("description", _description(event, text, address))
    if themes:
        entry.add("categories", themes)
    if name := event.council or event.organiser:
        council = site_address("public.councils.show", slug=event.council_slug) if event.council else address
        entry.add("organizer", icalendar.vCalAddress(council), parameters={"CN": one_line(name)})


def _description(event, text, address):
    parts = [
        f"Cet événement est annulé. {event.cancelled_reason}".strip() if event.cancelled_at else "",
        event.summary,
        text,
        "Sur inscription." if event.takes_registrations and not event.cancelled_at else "",
    ]
    said = "\n\n".join(filter(None, parts))
    return f"{said[:LONGEST]}{'…' if len(said) > LONGEST else ''}\n\n{address}".strip()


def plain(html: str) -> str:
    """Return the text of HTML that `markup.render` has made, as lines."""
    text = unescape(TAG.sub("", BLOCK_END.sub("\n", html)))
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))


def text_of(event: Event) -> str:
    """Return the whole text of an event: its description, and its programme."""
    agenda = plain(event.agenda_html)
    return "\n\n".join(filter(None, (plain(event.description_html), f"Ordre du jour\n{agenda}" if agenda else "")))


def address_of(event: Event | Row) -> str:
    """Return the whole address of the page of an event."""
    path = PATH_OF_KIND[PublicationKind.EVENT]
    return site_address("publications.items.show", path=path, item_id=event.id, slug=event.slug)


def _themes(events):
    """Return the names of themes by the id of the event, of those that tell them."""
    ids = [event.id for event in events if event.level == Visibility.PUBLIC]
    link, names = publication_themes.c, defaultdict(list)
    if ids:
        query = select(link.publication_id, Theme.name).join(Theme, Theme.id == link.theme_id)
        query = query.where(link.publication_id.in_(ids)).order_by(Theme.position, Theme.id)
        for event_id, name in db.session.execute(query):
            names[event_id].append(name)
    return names


# Time zones -------------------------------------------------------------------------------------------------------


def _told(instant, zone):
    """Return an instant as the clock at its place shows it. The hour that clocks show twice stands for its first turn
    (RFC 5545, 3.3.5): the second is told in UTC."""
    local = clock(zone, instant)
    return instant if local.fold else local


def _zones(events):
    """Yield the zones of these events, from a year before the first one to two years after the last."""
    years = [event.starts_at.year for event in events]
    for name in sorted({event.time_zone for event in events}):
        yield _zone(name, min(years) - 1, max(years) + 2)


@lru_cache(KEPT)
def _zone(name, first, last):
    zone = icalendar.Timezone.from_tzid(name, first_date=date(first, 1, 1), last_date=date(last, 12, 31))
    zone.pop("COMMENT", None)
    for turn in zone.subcomponents:
        _mend(turn)
    return zone.to_ical()


def _mend(turn):
    """Say when clocks turn as the clock before the turn shows it (RFC 5545, 3.8.2.4). The library says 03:00 for the
    beginning of summer time, which is 02:00 until then; for its end, it is right."""
    skipped = turn.TZOFFSETTO - turn.TZOFFSETFROM
    if skipped > timedelta():
        turn.DTSTART -= skipped
        dates = turn.pop("RDATE", None)
        if dates is not None:
            lists = dates if isinstance(dates, list) else [dates]
            turn.add("rdate", [day.dt - skipped for one in lists for day in one.dts])


# Personal addresses -----------------------------------------------------------------------------------------------


def make_key() -> str:
    """Return a new secret for the address of a personal calendar. It tells nothing of whose it is."""
    return b32encode(secrets.token_bytes(KEY_BYTES)).decode().lower()


def owner_of(key: str) -> User | None:
    """Return whose calendar has this address, while their account is open."""
    if not re.fullmatch(r"[a-z2-7]{32}", key):
        return None
    begins = User.agenda_key.between(key[:SHOWN], key[:SHOWN] + "z" * (len(key) - SHOWN))  # in any collation
    known = db.session.scalars(select(User).where(begins))
    found = [user for user in known if compare_digest(user.agenda_key.encode(), key.encode())]
    return found[0] if found and found[0].is_active else None


def give_key(user: User) -> None:
    """Give somebody the address of a calendar, or another one: the former stops working."""
    user.agenda_key = make_key()
    db.session.flush()


def take_key(user: User) -> None:
    """Stop somebody's calendar."""
    user.agenda_key = None
    db.session.flush()
