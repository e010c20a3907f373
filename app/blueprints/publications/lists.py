"""Lists of what councils share."""

from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for

from app.access import may_share, require
from app.blueprints.kept import public_page
from app.blueprints.narrowing import Asked, AskedActions, narrow
from app.blueprints.web import current_viewer, paginate
from app.forms.listing import OwnListForm
from app.labels import KIND_PATHS, PublicationKind
from app.services import adopting, publishing, shelves

bp = Blueprint("lists", __name__)


ORDERS = {"": False, "recents": False, "anciens": True}  # « tri » → whether the oldest comes first


@bp.route("/ressources/publications", methods=["GET"])
@public_page
def index():
    """Show what councils share with whoever looks, the newest first."""
    return _list(Asked(request.args, current_viewer()), "publications/lists/index.html", "public.feeds.publications")


@bp.route("/actions", methods=["GET"])
@public_page
def actions():
    """Show the fiches-actions that councils share with whoever looks."""
    return _list(
        AskedActions(request.args, current_viewer()), "publications/lists/actions.html", "public.feeds.actions"
    )


def _list(asked, template, feed):
    """Print the part of a list that the address asks for.

    Pages follow one another by cursor: the list is that of the whole country, and one that counts its pages would
    read all of it each time.
    """
    if asked.found:
        return redirect(_here(nom=None, conseil=asked.found))
    is_oldest_first = ORDERS.get(request.args.get("tri", ""))
    if is_oldest_first is None:
        abort(404)
    shown = {"asked": asked, "form": asked.form, "council": asked.council, "is_oldest_first": is_oldest_first}
    shown |= {"here": _here, "most": shelves.COUNTED, "feed": url_for(feed, **asked.kept)}
    if not asked.is_right:
        return render_template(template, found=None, **shown), 200 if asked.choices else 422
    found, count = _read(asked, is_oldest_first=is_oldest_first)
    return render_template(template, found=found, count=count, files=shelves.files_of(found.items), **shown)


def _read(asked, *, is_oldest_first):
    """Return the part of the list that the address asks for, and how long the whole list is."""
    cursors = {"before": request.args.get("avant", ""), "after": request.args.get("apres", "")}
    try:
        found = shelves.newest(
            asked.viewer, *asked.conditions, **cursors, **asked.query, is_oldest_first=is_oldest_first
        )
    except shelves.BadCursor:
        abort(404)
    if not (found.newer or found.older):
        return found, len(found.items)
    return found, shelves.count_up_to(asked.viewer, *asked.conditions, **asked.query)


def _here(**changes):
    """Return the present address with other arguments; None takes one away."""
    kept = {name: value for name, value in request.args.items() if value and name not in ("avant", "apres", "page")}
    asked = {name: value for name, value in (kept | changes).items() if value is not None}
    return f"{request.path}?{urlencode(asked)}" if asked else request.path


@bp.route("/mon-conseil/<kind:path>", methods=["GET"])
def mine(path):
    """Show what one's own council shares of one kind, and one's drafts; of events those to come, or the past ones."""
    viewer, kind = current_viewer(), KIND_PATHS[path]
    require(may_share(viewer, kind))
    form, conditions = OwnListForm(request.args), []
    folders = publishing.folders_of(viewer.council_id)
    form.offer(publishing.themes(), dossier=[(str(folder.id), folder.name) for folder in folders])
    past = kind == PublicationKind.EVENT and request.args.get("quand") == "passes"
    shown = {"kind": kind, "path": path, "form": form, "past": past, "here": _here}
    if not narrow(form, conditions):
        return render_template("publications/lists/mine.html", page=None, **shown), 422
    query = shelves.of_council(viewer, publishing.MODELS[kind], *conditions, past=past)
    page = paginate(query, per_page=20)
    kept = {name: value for name, value in request.args.items() if name in form or name == "quand"}
    shown["adopted"] = adopting.days_of([item.id for item in page.items if item.is_collaborative])
    return render_template("publications/lists/mine.html", page=page, kept=kept, **shown)
