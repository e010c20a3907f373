"""The bin of a council, where what was deleted waits for 30 days."""

from flask import Blueprint, abort

bp = Blueprint("bin", __name__)


@bp.route("/mon-conseil/corbeille", methods=["GET"])
def index():
    """Not there yet."""
    abort(404)


@bp.route(
    "/<kind:path>/<id:item_id>-<slug>/suppression",
    methods=["GET", "POST"],
)
def discard(path, item_id, slug):
    """Not there yet."""
    abort(404)


@bp.route("/mon-conseil/corbeille/<id:item_id>/retour", methods=["POST"])
def recover(item_id):
    """Not there yet."""
    abort(404)


@bp.route("/mon-conseil/corbeille/fichiers/<id:attachment_id>/retour", methods=["POST"])
def recover_file(attachment_id):
    """Not there yet."""
    abort(404)
