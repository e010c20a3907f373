"""`/referents`: who helps the councils of each territory."""

from flask import Blueprint, render_template

from app.blueprints.kept import public_page
from app.services import referents

bp = Blueprint("referents", __name__)


@bp.get("/referents")
@public_page
def index():
    """Show the local referents by region."""
    return render_template("public/referents/index.html", regions=referents.by_region())
