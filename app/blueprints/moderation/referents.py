"""`/animation/referents`: who answers for which territory."""

from flask import Blueprint

bp = Blueprint("referents", __name__, url_prefix="/animation/referents")
