"""Feeds (Atom, RFC 4287): what everybody may read, whole, for those who follow many sites in one place."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from feedgenerator import Atom1Feed, Enclosure
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, defer, joinedload, selectin_polymorphic, selectinload

from app.access import VISITOR, readable
from app.extensions import db
from app.labels import PublicationKind, Shelf
from app.markup import absolute
from app.models import Action, Article, Attachment, Event, Publication, StoredFile
from app.notifications.links import site_address
from app.notifications.publications import address_of
from app.services import news, shelves
from app.templating import sitting

MOST = 30  # entries
LONGEST = 100_000  # characters of one text: longer, it is read on the site
SINCE = 2026  # part of what names an entry for ever: a year in which the site had its name
BEGIN = datetime(SINCE, 1, 1, tzinfo=UTC)  # the age of a feed in which there is nothing
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0
WHOLE = (
    joinedload(Publication.council),
    selectinload(Publication.themes),
    selectin_polymorphic(Publication, [Event, Action]),
    *(defer(text) for text in (Publication.description, Event.agenda, Event.minutes)),
    *(defer(text) for text in (Action.need, Action.results, Action.lessons)),
)


class Feed(Atom1Feed):
    """A feed that is the same until an entry changes, be it empty, and whose entries say where they come from."""

    def latest_post_date(self):
        """Return when an entry has changed last."""
        return max((item["updateddate"] for item in self.items), default=BEGIN)

    def add_item_elements(self, handler, item):
        """Write one entry."""
        super().add_item_elements(handler, item)
        if item["source"]:
            handler.addQuickElement("link", "", {"rel": "via", "href": item["source"]})


# What councils share ----------------------------------------------------------------------------------------------


def of_publications(asked: dict, *conditions) -> list[dict]:
    """Return the newest publications that everybody may read and that meet `conditions`, as entries. `asked`: what
    `shelves.newest` is told about their list."""
    rows = shelves.newest(VISITOR, *conditions, size=MOST, loaded=WHOLE, **asked).items
    files = _files(rows, Attachment.publication_id)
    return [_of_publication(row, files[row.id]) for row in rows]


def _of_publication(row, files):
    address = address_of(row)
    cancelled = row.kind == PublicationKind.EVENT and row.cancelled_at
    others = (getattr(row, name, None) for name in ("edited_at", "minutes_at", "cancelled_at"))
    return {
        "title": ("Annulé : " if cancelled else "") + row.name,
        "unique_id": _tag(f"publications/{row.id}"),
        "link": address,
        "pubdate": row.published_at,
        "updateddate": max(filter(None, (row.published_at, *others))),
        "description": escape(row.summary),
        "content": _content(row.summary, _texts(row), address),
        "categories": [theme.name for theme in row.themes],
        "enclosures": files,
    } | _author(row)


def _author(row):
    """Return who shares it: a council, or whoever announces an event without one."""
    if row.council is None:
        return {"author_name": row.source} if row.source else {}
    return {"author_name": row.source, "author_link": site_address("public.councils.show", slug=row.council.slug)}


def _texts(row):
    """Yield (heading, HTML) of what a publication says."""
    if row.kind == PublicationKind.ACTION:
        yield "Le besoin et l’origine", row.need_html
        yield "Ce qui a été fait", row.description_html
        yield "Les résultats", row.results_html
        yield "Ce que nous ferions autrement", row.lessons_html
        return
    if row.kind == PublicationKind.EVENT:
        yield "", _sitting(row)
    yield "", row.description_html
    if row.kind == PublicationKind.EVENT:
        yield "Ordre du jour", row.agenda_html
        yield "Compte-rendu", row.minutes_html


def _sitting(event):
    when = sitting(event.starts_at, event.ends_at, event.time_zone) if event.starts_at else ""
    facts = (("Annulé", event.cancelled_reason), ("Quand", when), ("Lieu", event.place), ("Adresse", event.address))
    said = (f"<strong>{name} :</strong> {escape(text)}" for name, text in facts if text)
    return f"<p>{'<br>'.join(said)}</p>"


# What the site publishes ------------------------------------------------------------------------------------------


def of_articles(shelf: Shelf, *conditions) -> list[dict]:
    """Return the newest articles of a shelf that meet `conditions`, as entries."""
    loaded = (defer(Article.body), joinedload(Article.picture), selectinload(Article.themes))
    query = news.listed(shelf, *conditions, loaded=loaded).order_by(None)  # what is pinned is not new
    rows = list(db.session.scalars(query.order_by(*news.NEWEST).limit(MOST)))
    files = _files(rows, Attachment.article_id)
    return [_of_article(row, files[row.id]) for row in rows]


def _of_article(row, files):
    address = site_address("public.articles.show", shelf=row.shelf, slug=row.slug)
    source = row.source_address
    link = f'<p>Source : <a href="{escape(source)}">{escape(row.source or source)}</a></p>' if source else ""
    content = _content(row.summary, [("", row.body_html), ("", link)], address)
    return {
        "title": row.name,
        "unique_id": _tag(f"articles/{row.id}"),
        "link": address,
        "pubdate": row.published_at,
        "updateddate": max(filter(None, (row.published_at, row.edited_at))),
        "description": escape(row.summary),
        "content": _picture(row) + content,
        "categories": [theme.name for theme in row.themes],
        "enclosures": files,
        "source": source,
    }


def _picture(row):
    if row.picture is None:
        return ""
    size = f'width="{row.picture.width}" height="{row.picture.height}"'
    return f'<p><img src="{_address(row.picture)}" alt="{escape(row.picture_words)}" {size}></p>'


# What all entries have --------------------------------------------------------------------------------------------


def _tag(name):
    """Return what names an entry whatever becomes of its title and of the addresses of the site (RFC 4151)."""
    return f"tag:{urlsplit(current_app.config['BASE_URL']).hostname},{SINCE}:{name}"


def _content(summary, texts, address):
    """Return the HTML of an entry: its summary and its texts, of (heading, HTML)."""
    said = "".join((f"<h3>{heading}</h3>" if heading else "") + html for heading, html in texts if html)
    if len(said) > LONGEST:
        said = f'<p><a href="{escape(address)}">Ce texte est long : lisez-le sur le site.</a></p>'
    return absolute((f"<p><strong>{escape(summary)}</strong></p>" if summary else "") + said, address)


def _files(rows, holder: InstrumentedAttribute):
    """Return the enclosures of rows by their ids: the files that everybody may have."""
    ids, found = [row.id for row in rows], defaultdict(list)
    held = (holder.in_(ids), readable(Attachment, VISITOR))
    files = select(holder, StoredFile).join(StoredFile, StoredFile.id == Attachment.file_id).where(*held)
    for row_id, file in db.session.execute(files.order_by(Attachment.position, Attachment.id)) if ids else ():
        found[row_id].append(Enclosure(_address(file), str(file.size), file.media_type))
    return found


def _address(file):
    return site_address("public.files.show", file_id=file.id, name=file.name)


def written(entries: Iterable[dict], *, title: str, address: str, feed: str) -> bytes:
    """Return the feed of these entries. `address` is that of the same list as a page, `feed` its own.

    Signs that XML does not know are left out: stored texts hold some.
    """
    site = current_app.config["SITE_NAME"]
    places = {"link": address, "feed_url": feed, "feed_guid": feed}
    made = Feed(title=_legal(title), description="", language="fr", author_name=site, **places)
    for entry in entries:
        legal = {name: _legal(value) if isinstance(value, str) else value for name, value in entry.items()}
        legal["categories"] = [_legal(name) for name in entry["categories"]]
        made.add_item(**{"author_name": site, "source": ""} | legal)
    return made.writeString("utf-8").encode()


def _legal(text):
    return ILLEGAL.sub("", text)
