"""Former texts of what councils share, brought back; and long texts and long comparisons, page by page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from markupsafe import Markup
from sqlalchemy.orm import load_only

from app import parts
from app.differences import Passage
from app.extensions import db
from app.markup import html_parts, render_parts
from app.models import Event, Publication, Revision, User
from app.models.types import utcnow
from app.parts import Part
from app.services import publishing, revisions
from app.services.revisions import Change

PAGE = 20_000  # characters of a text, or of a comparison, on a page
MOST_PASSAGES = 100  # of a comparison
DAYS, INSTANTS = ("starts_on", "ends_on"), ("starts_at", "ends_at")
APART = ("minutes",)  # what came of an event is not undone with its announcement


def fields_of(publication: Publication, revision: Revision) -> dict:
    """Return a version as the fields that `publishing.write` takes, with the HTML of its texts: slow work, for before
    a write transaction. Raises `markup.TextTooComplex`."""
    known = publishing.content_of(publication)
    kept = {name: value for name, value in revision.content.items() if name in known and name not in APART}
    fields = {name: _value(name, value) for name, value in kept.items()}
    return publishing.rendered(type(publication), fields)


def _value(name, value):
    if value and name in DAYS:
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if value and name in INSTANTS else value


def restore(publication: Publication, fields: dict, number: int, author: User) -> bool:
    """Make the version with this number, given as `fields`, the newest one; return whether anything changed.

    Call it in a write transaction, with the publication's row locked. Its readers stay the same.
    """
    if not publishing.differs(publication, fields):
        return False
    before = publishing.content_of(publication)
    publishing.write(publication, fields)
    publication.edited_at = utcnow()
    revisions.keep(publication, publishing.content_of(publication), author, revisions.restored(number))
    if isinstance(publication, Event):
        publishing.note_change(publication, before, author)
    return True


# Long texts and comparisons, page by page -------------------------------------------------------------------------


def text_pages(text: str) -> list[list[Part]]:
    """Return the parts of a text as pages of about `PAGE` characters; there is one at least."""
    return _gather(parts.split(text), lambda part: len(part.text)) or [[]]


def render_page(item: Publication, page: list[Part]) -> list[Markup]:
    """Return the HTML of some parts of a former text; what they share with the present one is not made again.

    Raises `markup.TextTooComplex`.
    """
    html = render_parts(parts.join(page), item.description, item.description_html)
    return html_parts(html)


def comparison_pages(changes: Iterable[Change]) -> list[list[Change]]:
    """Return what changed as pages of at most `MOST_PASSAGES` passages and about `PAGE` characters; there is one at
    least."""
    pieces = [(change, piece) for change in changes for piece in _pieces_of(change)]
    pages = _gather(pieces, lambda pair: sum(len(text) for _, text in pair[1].parts) if pair[1] else 0)
    return [_joined(page) for page in pages] or [[]]


def _gather(things, length):
    """Return things in lists of `MOST_PASSAGES` at most that are together no longer than `PAGE`, or one alone."""
    pages, room = [], 0
    for thing in things:
        if not pages or len(pages[-1]) == MOST_PASSAGES or length(thing) > room:
            pages.append([])
            room = PAGE
        pages[-1].append(thing)
        room -= length(thing)
    return pages


def _pieces_of(change):
    pieces = [piece for passage in change.passages for piece in _cut(passage)]
    return pieces or [None]


def _cut(passage: Passage) -> Iterator[Passage]:
    """Yield a passage in pieces of at most `PAGE` characters, cut at the ends of lines where there are any."""
    piece, room = [], PAGE
    for tag, text in passage.parts:
        while len(text) > room:
            end = text.rfind("\n", 0, room) + 1 or room
            yield Passage((*piece, (tag, text[:end])))
            piece, room, text = [], PAGE, text[end:]
        piece.append((tag, text))
        room -= len(text)
    yield Passage(tuple(piece), passage.skipped)


def _joined(pairs):
    page, last = [], None
    for change, piece in pairs:
        if change is not last:
            page.append(Change(change.name, []))
            last = change
        page[-1].passages.extend([piece] if piece else [])
    return page


# Who wrote what ---------------------------------------------------------------------------------------------------


@dataclass
class Paragraph:
    """Lines that stand together in the present text, or a heading (its `title`, and its `level` from 1). `numbers`:
    the versions that brought its lines."""

    level: int = 0
    title: str = ""
    lines: list[str] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)

    @property
    def text(self) -> str:
        """Its lines as one text."""
        return "\n".join(self.lines)


def paragraph_pages(item: Publication) -> list[list[Paragraph]]:
    """Return the present text paragraph by paragraph, as pages of about `PAGE` characters; there is one at least."""
    return _gather(_paragraphs(item), lambda paragraph: len(paragraph.text)) or [[]]


def _paragraphs(item):
    lines, origins = item.description.split("\n"), item.origins
    if origins is None or len(origins) != len(lines):  # nobody has written with others yet
        origins = [revisions.newest_number(item) or 0] * len(lines)
    found, is_open = [], False
    for line, number in zip(lines, origins, strict=True):
        heading = parts.split(line)[-1]
        if not line.strip():
            is_open = False
            continue
        if heading.level or not is_open:
            found.append(Paragraph(heading.level, heading.title))
        is_open = not heading.level
        found[-1].lines.append(line)
        found[-1].numbers.add(number)
    return found


def brought(item: Publication, paragraphs: Iterable[Paragraph]) -> dict[int, Revision]:
    """Return the versions that brought these paragraphs, with their authors, by number."""
    numbers = set().union(*(paragraph.numbers for paragraph in paragraphs))
    columns = load_only(Revision.number, Revision.created_at, Revision.author_id)
    known = revisions.saved(item).where(Revision.number.in_(numbers)).options(columns)
    return {revision.number: revision for revision in db.session.scalars(known)}


def writers(paragraph: Paragraph, known: dict[int, Revision]) -> list[Revision]:
    """Return for each person who brought lines of a paragraph their last version there, the newest first."""
    last = {}
    for number in sorted(paragraph.numbers & known.keys(), reverse=True):
        last.setdefault(known[number].author_id, known[number])
    return list(last.values())
