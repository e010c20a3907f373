"""`/mon-conseil/inscriptions`: the sign-ups that wait for a peer's word."""

from flask import Blueprint, abort

bp = Blueprint("signups", __name__, url_prefix="/inscriptions")


@bp.get("")
def index():
    """List them with their clock."""
    abort(404)
