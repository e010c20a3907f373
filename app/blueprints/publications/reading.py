"""A document to take away: its text as a file, and as a page for the printer."""

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy.orm import joinedload

from app.access import may_see_versions, require
from app.blueprints.kept import public_page
from app.blueprints.publications.common import find, require_slug
from app.blueprints.web import current_viewer
from app.models import Publication
from app.services import adopting, revisions

bp = Blueprint("reading", __name__)

DOCUMENT = "/documents/<id:item_id>-<slug>"
OF_KIND = {"path": "documents"}


def _find(path, item_id, slug):
    """Return the document of the address, for whoever reads it."""
    item = find(path, item_id, joinedload(Publication.council), joinedload(Publication.author))
    require_slug(item, slug)
    return item


@bp.get(f"{DOCUMENT}.md", defaults=OF_KIND)
@public_page
def download(path, item_id, slug):
    """Send the text as it was written, with its title; that of a former version (« version ») to those who see them."""
    item = _find(path, item_id, slug)
    title, text, name = item.name, item.description, item.slug
    if "version" in request.args:
        require(may_see_versions(current_viewer(), item))
        revision = _version(item, request.args["version"])
        title = revision.content.get("title") or item.name
        text, name = revision.text, f"{item.slug}-version-{revision.number}"
    response = Response(f"# {title}\n\n{text}\n", content_type="text/markdown; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.md")
    return response


def _version(item, number):
    is_number = number.isascii() and number.isdecimal() and len(number) < 10
    return (revisions.find(item, int(number)) if is_number else None) or abort(404)


@bp.get(f"{DOCUMENT}/imprimer", defaults=OF_KIND)
@public_page
def printed(path, item_id, slug):
    """Show the whole text, with what paper has to say of it: whose, of when, which version, adopted or not."""
    item = _find(path, item_id, slug)
    adoption = adopting.standing(item) if item.is_collaborative else None
    page = {"adoption": adoption, "number": revisions.newest_number(item)}
    return render_template("publications/reading/printed.html", item=item, **page)
