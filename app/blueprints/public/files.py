"""`/fichiers`: the files that people share, each checked against the right to read it."""

from flask import Blueprint, Response, abort, redirect, send_file, url_for
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from app import storage
from app.access import VISITOR, get_readable_or_404, may_read
from app.blueprints.web import current_viewer, secure
from app.models import StoredFile
from app.services import attachments

bp = Blueprint("files", __name__, url_prefix="/fichiers")

POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"  # whatever a file turns out to hold, nothing of it runs
DAY = 86400  # seconds


@bp.get("/<id:file_id>/<name>")
def show(file_id, name):
    """Send a file under its own name and type, whole or by ranges: what the site itself drew to be seen, what people
    sent to be saved."""
    file = get_readable_or_404(StoredFile, current_viewer(), id=file_id)
    path = storage.path(file.digest)
    if not path.is_file():
        abort(404)
    if name != file.name:
        return redirect(url_for(".show", file_id=file_id, name=file.name))
    is_ours = file.width is not None
    named = {"mimetype": file.media_type, "download_name": file.name, "as_attachment": not is_ours}
    try:
        response = send_file(path, **named, etag=file.digest)
    except RequestedRangeNotSatisfiable:
        response = Response(status=416, headers={"Content-Range": f"bytes */{file.size}"})
    response.headers["Cache-Control"] = _keeping(file)
    secure(response, POLICY)
    return response


def _keeping(file):
    """Return how long who may keep a file. What is joined to a publication is asked for each time: who reads it may
    change."""
    is_public = current_viewer() == VISITOR or may_read(VISITOR, file)
    if attachments.is_one(file):
        return "private, no-cache" if is_public else "private, no-store"
    return f"{'public' if is_public else 'private'}, max-age={DAY}"
