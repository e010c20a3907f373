"""The page of the council, kept by its members."""

from flask import Blueprint, abort

bp = Blueprint("fiche", __name__)


@bp.route("/fiche", methods=["GET", "POST"])
def edit():
    """Not there yet."""
    abort(404)


@bp.route("/fiche/verification", methods=["POST"])
def verify():
    """Not there yet."""
    abort(404)


@bp.route("/fiche/oubli", methods=["POST"])
def forget():
    """Not there yet."""
    abort(404)


@bp.route("/fiche/versions", methods=["GET"])
def versions():
    """Not there yet."""
    abort(404)


@bp.route("/fiche/versions/<id:number>", methods=["GET"])
def version(number):
    """Not there yet."""
    abort(404)


@bp.route("/fiche/versions/<id:number>/retour", methods=["POST"])
def restore(number):
    """Not there yet."""
    abort(404)
