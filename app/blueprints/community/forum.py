"""`/forum`: the discussions of all members."""

from flask import Blueprint, render_template

from app.access import is_member, require
from app.blueprints.web import current_viewer

bp = Blueprint("forum", __name__, url_prefix="/forum")


@bp.get("")
def index():
    """Show the topics."""
    require(is_member(current_viewer()))
    return render_template("community/forum/index.html")
