"""What the page of a document that several people write shows of their work."""

from dataclasses import dataclass, replace

from flask import request
from flask_login import current_user
from flask_sqlalchemy.pagination import Pagination

from app.access import Viewer, may_adopt, may_see_versions, may_write
from app.blueprints.web import ListPagination
from app.markup import Markup, html_parts
from app.models import Adoption, Presence, Publication, SideVersion
from app.parts import Part
from app.services import adopting, cowriting, versions

MOST_TITLES = 60  # in the contents: a long list is no help, and weighs
MOST = 10**9  # no version has such a number


@dataclass(frozen=True)
class Together:
    """What one viewer sees of it. `text`: the parts on this page, with their HTML; `contents`: parts that have a
    title, each with its page, of a text of several pages: a bounded number."""

    page: Pagination
    text: list[tuple[Part, Markup]]
    contents: list[tuple[Part, int]]
    adoption: Adoption | None
    others: list[Presence]
    waiting: int  # texts put aside
    meanwhile: tuple[int, int] | None  # versions between which others have changed what the viewer has just saved
    aside: SideVersion | None  # what the viewer has last previewed and not saved
    may_write: bool  # be it adopted
    may_see_versions: bool
    may_adopt: bool


def together_of(publication: Publication, viewer: Viewer, *, is_tried: bool = False) -> Together | None:
    """Return what `viewer` sees of the work on a document; None of what one person writes. `is_tried`: an author looks
    at the page as somebody else."""
    if not publication.is_collaborative or publication.is_draft:
        return None
    pages = versions.text_pages(publication.description)
    page = ListPagination(pages, per_page=1)
    html = html_parts(publication.description_html)
    writes = may_write(viewer, publication)
    is_me = writes and not is_tried
    adoption = adopting.standing(publication)
    return Together(
        page=page,
        text=[(part, html[part.number]) for part in page.items[0] if part.number < len(html)],
        contents=_contents(pages) if len(pages) > 1 else [],
        adoption=adoption,
        others=cowriting.others_writing(publication, viewer) if is_me and adoption is None else [],
        waiting=cowriting.count_sides(publication, viewer) if is_me else 0,
        meanwhile=_meanwhile() if is_me else None,
        aside=next(iter(cowriting.previews_of(publication, current_user)), None) if is_me else None,
        may_write=writes,
        may_see_versions=may_see_versions(viewer, publication),
        may_adopt=may_adopt(viewer, publication),
    )


def _meanwhile():
    """Return what the address says of two versions, as whoever has just saved a text comes with it."""
    since, until = (request.args.get(name, 0, type=int) for name in ("depuis", "jusque"))
    return (since, until) if 0 < since < until < MOST else None


def _contents(pages):
    """Return all titles or, where they are too many, those of the highest levels; then those that come first."""
    found = [(part, number) for number, page in enumerate(pages, start=1) for part in page if part.title]
    if len(found) > MOST_TITLES:
        lowest = max(2, min(part.level for part, _ in found))
        found = [(part, number) for part, number in found if part.level <= lowest]
    if len(found) > MOST_TITLES:
        part, number = found[MOST_TITLES]
        found[MOST_TITLES:] = [(replace(part, title="la suite…"), number)]
    return found
