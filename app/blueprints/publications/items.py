"""The page of a document, an action or an event, and what its readers do there."""

from flask import Blueprint, abort

bp = Blueprint("items", __name__)


@bp.route("/<kind:path>/<id:item_id>-<slug>", methods=["GET"])
def show(path, item_id, slug):
    """Not there yet."""
    abort(404)


@bp.route("/<any(evenements):path>/<id:item_id>-<slug>/compte-rendu", methods=["GET", "POST"])
def minutes(path, item_id, slug):
    """Not there yet."""
    abort(404)


@bp.route("/<kind:path>/<id:item_id>-<slug>/reprise", methods=["POST"])
def take_over(path, item_id, slug):
    """Not there yet."""
    abort(404)
