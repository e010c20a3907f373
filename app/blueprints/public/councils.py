"""`/conseils`: the directory, its search, and the page of each council."""

from flask import Blueprint, abort, render_template, request
from sqlalchemy.orm import selectinload

from app.access import get_readable_or_404, is_member, may_keep
from app.blueprints.kept import public_page
from app.blueprints.web import ListPagination, absolute_url, count, current_viewer, send_code
from app.forms.base import ActForm
from app.forms.search import SearchForm
from app.models import Council, Neighbourhood, Publication, TerritoryKind
from app.services import fiches, limits, shelves
from app.services.directory import directory
from app.services.finding import search
from app.text import fold

bp = Blueprint("councils", __name__, url_prefix="/conseils")

FICHE = (
    selectinload(Council.neighbourhoods).selectinload(Neighbourhood.communes),
    selectinload(Council.territories),
    selectinload(Council.links),
    selectinload(Council.pictures),
)


@bp.get("")
@public_page
def index():
    """Show what was searched for, the councils of one territory, or the territories to choose from."""
    places = directory()
    form = SearchForm(request.args)
    if not form.validate():
        return render_template("public/councils/search.html", form=form, found=None, directory=places), 422
    if form.q.data:
        found = search(places, form.q.data)
        if found is None:
            return render_template("public/councils/index.html", form=form, directory=places)
        page = ListPagination(found.councils)
        return render_template("public/councils/search.html", form=form, found=found, page=page, directory=places)
    for kind, argument in AREAS.items():
        if code := request.args.get(argument):
            return _area(places, kind, code, form)
    return render_template("public/councils/index.html", form=form, directory=places)


AREAS = {TerritoryKind.COMMUNE: "commune", TerritoryKind.DEPARTMENT: "departement", TerritoryKind.REGION: "region"}


def _area(places, kind, code, form):
    """Show the councils of a commune, a department or a region; the nearest ones where there is none."""
    known, entries = {
        TerritoryKind.COMMUNE: (places.communes, places.by_commune),
        TerritoryKind.DEPARTMENT: (places.departments, places.by_department),
        TerritoryKind.REGION: (places.regions, places.by_region),
    }[kind]
    area = known.get(code) or abort(404)
    page = ListPagination(entries.get(code, []))
    near = [] if page.total else places.near(area)
    return render_template("public/councils/area.html", form=form, area=area, page=page, near=near, directory=places)


@bp.get("/<slug>")
@public_page
def show(slug):
    """Show the page of a council."""
    council = get_readable_or_404(Council, current_viewer(), *FICHE, slug=slug)
    near = []
    if council.latitude is not None:
        near = directory().nearest(council.latitude, council.longitude, but=council.id)[:5]
    viewer = current_viewer()
    coming = shelves.coming(viewer, council.id)
    others = (Publication.council_id == council.id, Publication.id.not_in([event.id for event in coming]))
    return render_template(
        "public/councils/show.html", council=council, areas=_areas(council), near=near, coming=coming,
        charter=fiches.charter_of(council, viewer), is_stale=fiches.is_stale(council),
        newest=shelves.newest(viewer, *others, size=5, is_narrow=True, loaded=shelves.SHORT),
        is_ours=may_keep(viewer, council.id), is_member=is_member(viewer),
    )  # fmt: skip


@bp.get("/<slug>/qr.svg")
def qr(slug):
    """Draw the address of a council's page."""
    council = get_readable_or_404(Council, current_viewer(), slug=slug)
    address = absolute_url("public.councils.show", slug=slug)
    return send_code(address, f"conseil citoyen {council.name}", is_public=True)


def _areas(council):
    """Return (name, [neighbourhoods]): a neighbourhood of 2014 and its namesake of 2024 are said once."""
    areas = {}
    for neighbourhood in sorted(council.neighbourhoods, key=lambda place: (place.generation, place.code)):
        areas.setdefault(fold(neighbourhood.name), []).append(neighbourhood)
    return [(listed[0].name, listed) for listed in areas.values()]


@bp.route("/<slug>/courriel", methods=["GET", "POST"])
def email(slug):
    """Show the mail address of a council: at once to members, to others who press a button, which robots do not."""
    council = get_readable_or_404(Council, current_viewer(), slug=slug)
    form = ActForm()
    is_asked = form.validate_on_submit()
    is_shown = is_member(current_viewer()) or (is_asked and _may_ask(form))
    shown = {"council": council, "form": form, "is_shown": is_shown}
    return render_template("public/councils/email.html", **shown), *form.outcome


def _may_ask(form):
    return count(form, (limits.COUNCIL_EMAIL, limits.network(request.remote_addr)))
