"""`/inscription`: from « which council? » to the confirmed address; `/mon-inscription`: what has become of it."""

from flask import Blueprint, abort

bp = Blueprint("signups", __name__)


@bp.get("/inscription")
def find():
    """Find one's council."""
    abort(404)


@bp.get("/mon-inscription")
def show():
    """Show who holds the request."""
    abort(404)
