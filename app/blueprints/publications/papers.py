"""What an event puts on paper: its poster, the bulletin that people fill in, the sheet that they sign, the tables that
its organisers take home."""

from flask import Blueprint, Response, abort, redirect, render_template, request
from sqlalchemy.orm import joinedload, selectinload

from app.access import VISITOR, get_readable_or_404, may_read
from app.blueprints.kept import public_page
from app.blueprints.publications.common import address_of, find, require_slug
from app.blueprints.publications.organising import EVENT, find_held
from app.blueprints.web import absolute_url, current_viewer, send_code
from app.models import Council, Event, Publication
from app.services import attendance, spreadsheets
from app.services.seats import deadline

bp = Blueprint("papers", __name__)

OPTIONS = (
    joinedload(Publication.council).selectinload(Council.territories), joinedload(Publication.author),
    selectinload(Publication.groups),
)  # fmt: skip
SPARE, MOST_SPARE = 10, 40  # lines for those who come without having registered


def _find(path, item_id, slug):
    """Return what an address names, for whoever reads it."""
    item = find(path, item_id, *OPTIONS)
    require_slug(item, slug)
    return item


@bp.route("/e/<id:item_id>", methods=["GET"])
def short(item_id):
    """Lead from the short address, which people copy from a poster, to the event."""
    return redirect(address_of(get_readable_or_404(Event, current_viewer(), id=item_id)))


@bp.route(f"{EVENT}/affiche", methods=["GET"])
@public_page
def poster(path, item_id, slug):
    """Show a poster, to be printed: only what those read who may open the event."""
    event = _find(path, item_id, slug)
    page = {"event": event, "address": _short_address(event), "until": deadline(event), "reached": _reached(event)}
    return render_template("publications/papers/poster.html", **page)


@bp.route("/<kind:path>/<id:item_id>-<slug>/qr.svg", methods=["GET"])
def qr(path, item_id, slug):
    """Draw the address of what a council shares; of an event the short one, for the telephones of those who see its
    poster."""
    item = _find(path, item_id, slug)
    whole = {"path": path, "item_id": item_id, "slug": item.slug}
    address = _short_address(item) if isinstance(item, Event) else absolute_url("publications.items.show", **whole)
    return send_code(address, item.name, is_public=may_read(VISITOR, item))


@bp.route(f"{EVENT}/bulletin", methods=["GET"])
@public_page
def bulletin(path, item_id, slug):
    """Show the bulletin that people without Internet fill in and bring back."""
    event = _find(path, item_id, slug)
    if not event.takes_registrations:
        abort(404)
    questions = [attendance.question(event, code) for code in event.asked]
    page = {"event": event, "address": _short_address(event), "until": deadline(event), "reached": _reached(event)}
    return render_template("publications/papers/bulletin.html", questions=questions, **page)


def _reached(event):
    """Return where those who hold it are reached without Internet, in lines: as the council's page says, or the
    referent's public line."""
    council, author = event.council, event.author
    if council:
        return [text for text in (council.host, council.address, council.phone) if text]
    return [author.public_contact] if author and author.public_contact else []


def _short_address(event):
    return absolute_url("publications.papers.short", item_id=event.id)


# For those who hold it --------------------------------------------------------------------------------------------


@bp.route(f"{EVENT}/emargement", methods=["GET"])
def sheet(path, item_id, slug):
    """Show the sheet that people sign as they come, with spare lines (« lignes »)."""
    event = find_held(path, item_id, slug)
    spare = request.args.get("lignes", SPARE, type=int)
    parts = {part.name: people for part, people in attendance.sheet(event, current_viewer()).items()}
    page = {"parts": parts, "spare": min(max(spare, 0), MOST_SPARE), "about": attendance}
    return render_template("publications/papers/sheet.html", event=event, **page)


@bp.route(f"{EVENT}/inscrits.csv", methods=["GET"])
def csv(path, item_id, slug):
    """Send the list as CSV."""
    event = find_held(path, item_id, slug)
    return _attached(event, "".join(spreadsheets.csv_lines(_table(event))), spreadsheets.CSV_TYPE, "csv")


@bp.route(f"{EVENT}/inscrits.ods", methods=["GET"])
def ods(path, item_id, slug):
    """Send the list as an OpenDocument table."""
    event = find_held(path, item_id, slug)
    return _attached(event, spreadsheets.ods("Inscriptions", _table(event)), spreadsheets.ODS_TYPE, "ods")


def _table(event):
    return attendance.table(event, current_viewer())


def _attached(event, content, media_type, ending):
    """Return a file to keep: the answer is private and stays in no cache, as all are."""
    response = Response(content, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=f"inscriptions-{event.slug}.{ending}")
    return response
