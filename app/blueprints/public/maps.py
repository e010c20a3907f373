"""`/carte`: the map of France, and that of each department."""

from collections import Counter

from flask import Blueprint, abort, render_template, request

from app.blueprints.kept import public_page
from app.blueprints.web import ListPagination
from app.services import maps
from app.services.directory import directory

bp = Blueprint("maps", __name__, url_prefix="/carte")

PER_PAGE = 100


@bp.get("")
@public_page
def france():
    """Show all departments, each with its number of councils."""
    return render_template("public/maps/france.html", directory=directory(), outlines=maps.outlines())


@bp.get("/<code>")
@public_page
def department(code):
    """Show the councils of a department at their places, or those of the rectangle that a group opens."""
    places = directory()
    area = places.departments.get(code) or abort(404)
    whole = maps.department_frame(code)
    frame = _frame() or whole
    everyone = places.by_department.get(code, [])
    shown = everyone
    if frame is not whole:
        shown = [e for e in everyone if e.latitude is not None and frame.contains(e.latitude, e.longitude)] or abort(
            404
        )
    numbers = {entry.id: number for number, entry in enumerate(everyone, 1)}
    marks = maps.marks(shown, frame) if frame else []
    return render_template(
        "public/maps/department.html",
        area=area,
        directory=places,
        outlines=maps.outlines(),
        frame=frame,
        path=maps.outline_path(code, frame) if frame else "",
        around=_main_commune(shown) if frame is not whole else None,
        marks=sorted(marks, key=lambda mark: min(numbers[entry.id] for entry in mark.entries)),
        numbers=numbers,
        page=ListPagination(shown, per_page=PER_PAGE),
        near=[] if everyone else places.near(area),
        chosen=request.args.get("conseil"),
        frame_code=maps.frame_code,
    )


def _frame():
    """Return the frame that the address asks for, None when it asks for none."""
    try:
        return maps.read_frame(request.args["cadre"]) if "cadre" in request.args else None
    except ValueError:
        abort(404)


def _main_commune(entries):
    """Return the name of the commune that most of these councils belong to."""
    return Counter(commune.name for entry in entries for commune in entry.communes).most_common(1)[0][0]
