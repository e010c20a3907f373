"""The folders and series of the council."""

from flask import Blueprint, abort

bp = Blueprint("folders", __name__)


@bp.route("/dossiers", methods=["GET"])
def index():
    """Not there yet."""
    abort(404)


@bp.route("/dossiers/<id:folder_id>", methods=["GET", "POST"])
def edit(folder_id):
    """Not there yet."""
    abort(404)


@bp.route("/dossiers/<id:folder_id>/suppression", methods=["POST"])
def delete(folder_id):
    """Not there yet."""
    abort(404)
