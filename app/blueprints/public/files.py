"""`/fichiers`: the files that people share, each checked against the right to read it."""

from flask import Blueprint, abort, send_file

from app import storage
from app.access import VISITOR, get_readable_or_404, may_read
from app.blueprints.web import current_viewer
from app.models import StoredFile

bp = Blueprint("files", __name__, url_prefix="/fichiers")


@bp.get("/<id:file_id>/<name>")
def show(file_id, name):
    """Send a file under its own name and type, whole or by ranges."""
    file = get_readable_or_404(StoredFile, current_viewer(), id=file_id)
    path = storage.path(file.digest)
    if name != file.name or not path.is_file():
        abort(404)
    response = send_file(path, mimetype=file.media_type, download_name=file.name, etag=file.digest, max_age=86400)
    kept_by = "public" if may_read(VISITOR, file) else "private"
    response.headers["Cache-Control"] = f"{kept_by}, max-age=86400"
    return response
