"""`/mot-de-passe-oublie`: a new password by a link."""

from flask import Blueprint, abort

bp = Blueprint("passwords", __name__)


@bp.get("/mot-de-passe-oublie")
def forgotten():
    """Ask where to send the link."""
    abort(404)
