"""`/carte`: the map of France, and that of each department."""

from dataclasses import astuple

from flask import Blueprint, abort, render_template, request

from app.blueprints.kept import public_page
from app.blueprints.web import ListPagination
from app.geo import Frame
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
    entries = places.by_department.get(code, [])
    if frame is not whole:
        entries = [e for e in entries if e.latitude is not None and frame.contains(e.latitude, e.longitude)]
        if not entries:
            abort(404)
    return render_template(
        "public/maps/department.html",
        area=area,
        directory=places,
        frame=frame,
        closer=frame is not whole,
        outlines=maps.outlines(),
        path=maps.outline_path(code, frame) if frame else "",
        marks=maps.marks(entries, frame) if frame else [],
        numbers={entry.id: number for number, entry in enumerate(entries, 1)},
        page=ListPagination(entries, per_page=PER_PAGE),
        code_of=_frame_code,
    )


def _frame_code(frame):
    """Write a frame as the `cadre` of an address."""
    return ",".join(f"{side:.3f}" for side in astuple(frame)[:4])


def _frame():
    """Return the frame that the address asks for, None when it asks for none."""
    text = request.args.get("cadre")
    if text is None:
        return None
    try:
        south, west, north, east = map(float, text.split(","))
    except ValueError:
        abort(404)
    if not (-90 < south < north < 90 and -180 <= west < east <= 180 and north - south > 0.005 and east - west > 0.005):
        abort(404)
    return Frame(south, west, north, east)
