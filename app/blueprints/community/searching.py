"""`/forum/recherche`: searching the discussions."""

from urllib.parse import urlencode

from flask import Blueprint, abort, render_template, request

from app.access import is_member, require
from app.blueprints.web import current_viewer
from app.forms.forum_search import ForumSearchForm
from app.forms.listing import NO_WORD
from app.services import forum_search
from app.services.shelves import BadCursor

bp = Blueprint("searching", __name__)


@bp.get("/forum/recherche")
def show():
    """Show the messages with the words that are looked for, the newest first."""
    viewer = current_viewer()
    require(is_member(viewer))
    form = ForumSearchForm(request.args)
    places = forum_search.places(viewer)
    form.offer(places)
    page = _found(viewer, form, places) if form.validate() and form.q.data else None
    has_groups = any(place.group for place in places)
    found = {"form": form, "page": page, "here": _here, "has_groups": has_groups}
    return render_template("community/searching/show.html", **found), *form.outcome


def _found(viewer, form, places):
    place = next((place for place in places if str(place.id) == form.ou.data), None)
    cursors = {"before": request.args.get("avant", ""), "after": request.args.get("apres", "")}
    try:
        page = forum_search.found(viewer, form.q.data, place, **cursors)
    except BadCursor:
        abort(404)
    if page is None:
        form.q.errors = [NO_WORD]
    return page


def _here(**cursor):
    """Return the address of another page of the same search."""
    kept = {name: request.args[name] for name in ("q", "ou") if request.args.get(name)}
    return f"?{urlencode(kept | cursor)}"
