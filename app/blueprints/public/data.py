"""`/donnees`: the directory as open data."""

import csv
import io
import json

from flask import Blueprint, Response, render_template, request, stream_with_context

from app.blueprints.kept import public_page, public_version
from app.blueprints.web import absolute_url
from app.services import open_data
from app.services.directory import directory
from app.services.spreadsheets import inert

BYTES_PER_COUNCIL = 310  # of the CSV, measured on the 1,514 councils; the GeoJSON is about twice as long

bp = Blueprint("data", __name__, url_prefix="/donnees")


@bp.get("")
@public_page
def index():
    """Say what the files hold."""
    size = len(directory().councils) * BYTES_PER_COUNCIL
    return render_template("public/data/index.html", columns=open_data.COLUMNS, size=size)


@bp.get("/conseils.csv")
def councils_csv():
    """Send the directory as CSV."""
    return _stream(_csv_lines, "text/csv", "conseils.csv")


@bp.get("/conseils.geojson")
def councils_geojson():
    """Send the directory as GeoJSON (RFC 7946); a council whose place is unknown has a null geometry."""
    return _stream(_geojson_lines, "application/geo+json", "conseils.geojson")


def _stream(lines, media_type, name):
    """Send lines as they are read; 304 when the directory is the one that the client has."""
    tag = public_version()
    if request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        response = Response(stream_with_context(lines(open_data.rows(_page_url))), mimetype=media_type)
        response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _page_url(slug):
    return absolute_url("public.councils.show", slug=slug)


def _csv_lines(rows):
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, open_data.COLUMNS, lineterminator="\r\n")  # as RFC 4180 wants it
    writer.writeheader()
    for row in rows:
        writer.writerow({name: inert(value) for name, value in row.items()})
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _geojson_lines(rows):
    yield '{"type":"FeatureCollection","features":['
    for number, row in enumerate(rows):
        place = (row.pop("longitude"), row.pop("latitude"))
        geometry = {"type": "Point", "coordinates": place} if None not in place else None
        feature = {"type": "Feature", "id": row["identifiant"], "geometry": geometry, "properties": row}
        yield ("," if number else "") + "\n" + json.dumps(feature, ensure_ascii=False)
    yield "\n]}\n"
