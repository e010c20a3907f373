"""`/mon-profil`: what others read of a person, and what the person is told."""

from flask import Blueprint, abort

bp = Blueprint("profile", __name__, url_prefix="/mon-profil")


@bp.get("")
def edit():
    """Show and keep the profile."""
    abort(404)
