"""The former states of what a council shares."""

from flask import Blueprint, abort

bp = Blueprint("versions", __name__)


@bp.route("/<kind:path>/<id:item_id>-<slug>/versions", methods=["GET"])
def index(path, item_id, slug):
    """Not there yet."""
    abort(404)


@bp.route(
    "/<kind:path>/<id:item_id>-<slug>/versions/<id:number>",
    methods=["GET"],
)
def show(path, item_id, slug, number):
    """Not there yet."""
    abort(404)


@bp.route(
    "/<kind:path>/<id:item_id>-<slug>/versions/<id:number>/retour",
    methods=["POST"],
)
def restore(path, item_id, slug, number):
    """Not there yet."""
    abort(404)
