"""`/animation`: where the work of the animator and of the referents begins."""

from flask import Blueprint, abort

bp = Blueprint("dashboard", __name__, url_prefix="/animation")


@bp.get("")
def show():
    """Show what waits."""
    abort(404)
