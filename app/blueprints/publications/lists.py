"""Lists of what councils share."""

from flask import Blueprint, abort

bp = Blueprint("lists", __name__)


@bp.route("/ressources/publications", methods=["GET"])
def index():
    """Not there yet."""
    abort(404)


@bp.route("/mon-conseil/<kind:path>", methods=["GET"])
def mine(path):
    """Not there yet."""
    abort(404)
