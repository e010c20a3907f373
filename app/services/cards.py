"""Links in messages to what councils share: shown as cards to those who may read it, telling nothing to the others."""

import re
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.orm import defer, joinedload, with_polymorphic

from app.access import Viewer, readable
from app.extensions import db
from app.labels import KIND_PATHS
from app.models import Event, Message, MessageLink, Publication

MOST = 5  # cards of one message
# An address of this site, whole or beginning at the site's root: « /documents/12-une-charte », « /e/12 ».
PLACE = r"(?:(?<![\w.@/-])(?:https?://)?{host}|(?<![^\s(<\"'\[]))"
ITEM = rf"(?P<item>/(?:{'|'.join(KIND_PATHS)})/(?P<id>[0-9]{{1,9}})-)[\w%-]+"
POSTER = r"/e/(?P<short>[0-9]{1,9})(?![\w%-])"
OTHER = r"(?P<topic>/forum/sujets/[0-9]{1,9}-)[\w%-]+|(?P<file>/fichiers/[0-9]{1,9}/)[\w%.-]*[\w%-]"

Items = with_polymorphic(Publication, [Event])  # one query, where Event's own columns come too
LONG = (Items.description, Items.description_html, *(
    getattr(Items.Event, name) for name in ("agenda", "agenda_html", "minutes", "minutes_html")
))  # fmt: skip
SHORT_FORM = (joinedload(Items.council), *map(defer, LONG))


def find_ids(text: str) -> list[int]:
    """Return the ids of the publications that a Markdown text points to, the first ones, without doubles."""
    found = (match["id"] or match["short"] for match in _addresses().finditer(text))
    return list(dict.fromkeys(int(digits) for digits in found if digits and int(digits) < 2**31))[:MOST]


def shorten(text: str) -> str:
    """Return a text whose addresses of things on this site do not repeat a title, or the name of a file: not all who
    read the text may read these. The site itself leads on from the short address."""
    return _addresses().sub(_without_name, text)


def _without_name(match):
    kept = max(match.end(name) for name in ("item", "topic", "file")) - match.start()
    return match[0] if match["short"] else f"{match[0][:kept]}x"


def _addresses():
    return _pattern(urlsplit(current_app.config["BASE_URL"]).netloc)


@lru_cache(4)
def _pattern(host):
    return re.compile(f"{PLACE.format(host=re.escape(host))}(?:{ITEM}|{POSTER}|{OTHER})")


def link(message: Message) -> None:
    """Note what a message points to, in the transaction that posts or corrects it."""
    ids = find_ids(message.text)
    there = db.session.scalars(select(Publication.id).where(Publication.id.in_(ids))).all() if ids else []
    if message.has_cards:
        db.session.execute(delete(MessageLink).where(MessageLink.message_id == message.id))
    db.session.add_all([MessageLink(message_id=message.id, publication_id=id_) for id_ in ids if id_ in there])
    message.has_cards = bool(there)
    db.session.flush()


def cards_of(message_ids: Collection[int], viewer: Viewer) -> dict[int, list[Publication]]:
    """Return what `viewer` may read of what each of these messages points to, by its id: one query."""
    if not message_ids:
        return {}
    shown = (Message.removed_at.is_(None), Message.hidden_at.is_(None))
    query = (
        select(MessageLink.message_id, Items)
        .join(Message, Message.id == MessageLink.message_id)
        .join(Items, Items.id == MessageLink.publication_id)
        .where(MessageLink.message_id.in_(message_ids), *shown, readable(Publication, viewer))
        .options(*SHORT_FORM)
        .order_by(MessageLink.message_id, Items.id)
    )
    found = {}
    for message_id, publication in db.session.execute(query):
        found.setdefault(message_id, []).append(publication)
    return found


def named_in(text: str, viewer: Viewer) -> list[Publication]:
    """Return what `viewer` may read of what a text points to, before it is the text of a message."""
    ids = find_ids(text)
    query = select(Items).where(Items.id.in_(ids), readable(Publication, viewer)).order_by(Items.id)
    return list(db.session.scalars(query.options(*SHORT_FORM))) if ids else []
