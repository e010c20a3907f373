"""Lists of what councils share."""

from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for

from app.access import get_readable_or_404, may_share, require
from app.blueprints.kept import public_page
from app.blueprints.web import current_viewer, paginate
from app.forms.listing import NO_WORD, ListForm, OwnListForm, PublicationsForm
from app.labels import KIND_PATHS, PublicationKind
from app.models import Council, Publication
from app.services import adopting, publishing, shelves, texts
from app.services.directory import directory

bp = Blueprint("lists", __name__)


@bp.route("/ressources/publications", methods=["GET"])
@public_page
def index():
    """Show what councils share with whoever looks, the newest first.

    Pages follow one another by cursor: the list is that of the whole country, and one that counts its pages would
    read all of it each time.
    """
    form = PublicationsForm(request.args)
    departments = [(place.code, f"{place.code} {place.name}") for place in directory().departments.values()]
    form.offer(publishing.themes(), departement=departments)
    slug, conditions = request.args.get("conseil"), []
    council = get_readable_or_404(Council, current_viewer(), slug=slug) if slug else None
    if council:
        conditions.append(Publication.council_id == council.id)
    if not _narrow(form, conditions):
        return render_template("publications/lists/index.html", form=form, council=council, found=None), 422
    cursor = {"before": request.args.get("avant", ""), "after": request.args.get("apres", "")}
    try:
        is_narrow = bool(council or form.q.data or form.departement.data)
        found = shelves.newest(current_viewer(), *conditions, **cursor, is_narrow=is_narrow)
    except shelves.BadCursor:
        abort(404)
    return render_template("publications/lists/index.html", form=form, council=council, found=found, here=_here)


def _narrow(form: ListForm, conditions: list) -> bool:
    """Add what was asked for in the fields that all lists have, and in those that only some have; tell whether it is
    right."""
    if not form.validate():
        return False
    if form.q.data:
        matches = texts.matching(form.q.data)
        if matches is None:
            form.q.errors = [NO_WORD]
            return False
        conditions.append(matches)
    conditions += [shelves.NARROWED[name](form[name].data) for name in form.narrowed]
    return True


def _here(**changes):
    """Return the present address with other arguments; None takes one away."""
    kept = {name: value for name, value in request.args.items() if value and name not in ("avant", "apres", "page")}
    asked = {name: value for name, value in (kept | changes).items() if value is not None}
    return f"{request.path}?{urlencode(asked)}" if asked else request.path


@bp.get("/actions")
def actions():
    """Lead to the fiches-actions of all councils."""
    return redirect(url_for(".index", type="actions"))


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
    if not _narrow(form, conditions):
        return render_template("publications/lists/mine.html", page=None, **shown), 422
    query = shelves.of_council(viewer, publishing.MODELS[kind], *conditions, past=past)
    page = paginate(query, per_page=20)
    kept = {name: value for name, value in request.args.items() if name in form or name == "quand"}
    shown["adopted"] = adopting.days_of([item.id for item in page.items if item.is_collaborative])
    return render_template("publications/lists/mine.html", page=page, kept=kept, **shown)
