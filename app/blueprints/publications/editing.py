"""Writing what a council shares: new, changed, seen before it is published."""

from flask import Blueprint, abort

bp = Blueprint("editing", __name__)


@bp.route("/mon-conseil/<kind:path>/nouveau", methods=["GET", "POST"])
def new(path):
    """Not there yet."""
    abort(404)


@bp.route("/<kind:path>/<id:item_id>-<slug>/modifier", methods=["GET", "POST"])
def edit(path, item_id, slug):
    """Not there yet."""
    abort(404)


@bp.route("/<kind:path>/<id:item_id>-<slug>/modifier/oubli", methods=["POST"])
def forget(path, item_id, slug):
    """Not there yet."""
    abort(404)
