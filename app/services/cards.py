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
from app.labels import KIND_PATHS, Visibility
from app.models import Category, Event, Message, MessageLink, Publication

MOST = 5  # cards of one message
WORDS = {  # what an address that stands alone in a text becomes
    "documents": "document du site",
    "actions": "fiche-action du site",
    "evenements": "événement du site",
    "e": "événement du site",
    "fichiers": "fichier du site",
    "forum/sujets": "sujet du forum",
}
# An address of this site, whole or from its root: « /documents/12-une-charte », « /e/12 ». From the root, it does not
# go on with an address that began before, as of another site.
SITE = r"(?:(?i:https?://)|(?<![^\W_])(?<![.@/-]))(?i:{host})/*(?=/)"
ROOT = r"(?<![^\W_])(?<![/=&?#%!])"
SHAPE = (
    rf"(?:{'|'.join(KIND_PATHS)}|forum/sujets)/[0-9]{{1,9}}-[^\W_]|fichiers/[0-9]{{1,9}}/[\w%]"
    r"|e/[0-9]{1,9}(?![\w%/-])"
)
THING = (
    rf"(?:/connexion\?suite=)?/(?={SHAPE})(?P<kind>[a-z]+(?:/sujets)?)/(?P<id>[0-9]{{1,9}})"
    r"(?:(?P<sign>-)(?:[^\W_]|[%-])+|(?P<file>/)[\w%.-]*[\w%-])?"
)
TAIL = r"(?P<tail>(?:\.ics)?(?:[/?#][\w%/=&+.#?-]*(?<![.?_]))?)"
# What has words of its own, or says how something is written, stays as it is but for the titles: code, a link, its
# address alone, what a link is defined by, HTML, an address of another site.
OWN = (
    r"(?<!`)(?P<ticks>`++)(?:(?!\n[ \t]*\n)[\s\S])+?(?<!`)(?P=ticks)(?!`)",
    r"\[[^\[\]]*\]\([ \t]*[^()\s]*",
    r"\]\([ \t]*[^()\s]*",
    r"^[ \t>]*\[[^\]\n]+\]:[ \t]*\S+",
    r"<[a-zA-Z/!][^<>]*>",
    r"(?i:https?://|www\.)[^\s<>]+",
)

Items = with_polymorphic(Publication, [Event])  # one query, where Event's own columns come too
LONG = (Items.description, Items.description_html, *(
    getattr(Items.Event, name) for name in ("agenda", "agenda_html", "minutes", "minutes_html")
))  # fmt: skip
SHORT_FORM = (joinedload(Items.council), *map(defer, LONG))


def find_ids(text: str) -> list[int]:
    """Return the ids of the publications that a Markdown text points to, the first ones, without doubles."""
    found = (match["id"] for match in _addresses()[0].finditer(text) if match["kind"] in (*KIND_PATHS, "e"))
    return list(dict.fromkeys(int(digits) for digits in found if int(digits) < 2**31))[:MOST]


def shorten(text: str) -> str:
    """Return a Markdown text whose addresses of things on this site do not repeat a title, or the name of a file: not
    all who read the text may read these; the site itself leads on from the short address. One that stands alone becomes
    a link: « [document du site](/documents/12-x) ». The same again changes nothing."""
    return _addresses()[1].sub(_in_words, text)


def _in_words(match):
    if match["own"] is not None:
        return _addresses()[0].sub(_without_name, match["own"])
    return f"[{WORDS[match['kind']]}](/{match['kind']}/{match['id']}{_ending(match)}{match['tail']})"


def _without_name(match):
    return match[0][: match.end("id") - match.start()] + _ending(match)


def _ending(match):
    sign = match["sign"] or match["file"]
    return f"{sign}x" if sign else ""


def _addresses():
    """Return the pattern of an address of ours, and that of all that `shorten` looks at."""
    return _patterns(urlsplit(current_app.config["BASE_URL"]).netloc)


@lru_cache(4)
def _patterns(host):
    address = f"(?:{SITE.format(host=re.escape(host))}|{ROOT}){THING}"
    whole = f"(?P<open><)?{address}{TAIL}(?(open)>)|(?P<own>{'|'.join(OWN)})"
    return re.compile(address), re.compile(whole, re.MULTILINE)


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


def hidden_from_some(publications: Collection[Publication], category: Category) -> list[Publication]:
    """Return those of these publications that not all who read a rubric may open."""
    return [publication for publication in publications if not _is_for_all(publication, category)]


def _is_for_all(publication, category):
    if not publication.is_shown:
        return False
    if publication.level == Visibility.GROUPS:
        return category.group_id in {group.id for group in publication.groups}
    return publication.level in (Visibility.MEMBERS, Visibility.PUBLIC)
