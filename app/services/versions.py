"""Former texts of what councils share, brought back; and long texts and long comparisons, page by page."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from datetime import date, datetime

from markupsafe import Markup
from sqlalchemy import case, func, select
from sqlalchemy.orm import load_only

from app import parts
from app.access import Viewer, readable
from app.differences import Passage
from app.extensions import db
from app.labels import SideReason
from app.markup import html_parts, render_parts
from app.models import Event, Publication, Revision, SideVersion, User
from app.models.types import utcnow
from app.parts import Part
from app.services import cowriting, publishing, revisions
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


@dataclass(frozen=True)
class Former:
    """A version that is about to come back. `fields`: what comes back of it, with its HTML: the text alone where
    several people write; `sizes`: as `cowriting.write` takes them when version `newest` is still the present one."""

    number: int
    fields: dict
    is_collaborative: bool
    newest: int | None = None
    sizes: dict | None = None


def former(publication: Publication, revision: Revision) -> Former:
    """Return a version as `restore` takes it: slow work, for before a write transaction. Raises
    `markup.TextTooComplex`."""
    if not publication.is_collaborative:
        return Former(revision.number, fields_of(publication, revision), is_collaborative=False)
    newest, present = cowriting.present(publication)
    text = revision.text
    fields = {"description": text, "description_html": cowriting.rendered(publication, text)}
    sizes = cowriting.sizes_of(present, text)
    return Former(revision.number, fields, is_collaborative=True, newest=newest, sizes=sizes)


def restore(publication: Publication, version: Former, author: User) -> bool:
    """Make a former version the newest one; return whether anything changed. It is still written as it was (alone, or
    by several people) when `version` was made.

    Call it in a write transaction, with the publication's row locked. Its readers stay the same.
    """
    if not publishing.differs(publication, version.fields):
        return False
    comment = revisions.restored(version.number)
    if version.is_collaborative:
        text, html = version.fields["description"], version.fields["description_html"]
        sizes = version.sizes if version.newest == revisions.newest_number(publication) else None
        cowriting.write(publication, text, html, author, comment=comment, sizes=sizes)
        return True
    before = publishing.content_of(publication)
    publishing.write(publication, version.fields)
    publication.edited_at = utcnow()
    revisions.keep(publication, publishing.content_of(publication), author, comment)
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


def waiting(item: Publication, viewer: Viewer) -> int | None:
    """Return how many texts wait for somebody to choose; None when none is kept, not even one that was settled."""
    is_open = case((SideVersion.closed_at.is_(None), 1))
    kept = select(func.count(SideVersion.id), func.count(is_open)).where(SideVersion.publication_id == item.id)
    kept = kept.where(readable(SideVersion, viewer), SideVersion.reason != SideReason.PREVIEW)
    count, count_of_open = db.session.execute(kept).one()
    return count_of_open if count else None


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
        """Its lines as one text, without Markdown's signs inside them."""
        return "\n".join(map(parts.plain, self.lines))


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


def runs(paragraphs: Iterable[Paragraph], known: dict[int, Revision]) -> list[tuple[list[Paragraph], list[Revision]]]:
    """Return paragraphs that follow one another and come from the same people and versions, with `writers` of them; a
    heading goes with what it stands over."""
    found, pending = [], []
    for paragraph in paragraphs:
        pending.append(paragraph)
        if not paragraph.level:
            _gather_run(found, pending, known)
            pending = []
    if pending:
        _gather_run(found, pending, known)
    return found


def _gather_run(found, paragraphs, known):
    who = writers(set().union(*(paragraph.numbers for paragraph in paragraphs)), known)
    if found and found[-1][1] == who:
        found[-1][0].extend(paragraphs)
    else:
        found.append((paragraphs, who))


def writers(numbers: Set[int], known: dict[int, Revision]) -> list[Revision]:
    """Return for each person who brought lines in the versions with these numbers their last one, the newest first;
    versions that are not kept any more are left out."""
    last = {}
    for number in sorted(numbers & known.keys(), reverse=True):
        last.setdefault(known[number].author_id, known[number])
    return list(last.values())
