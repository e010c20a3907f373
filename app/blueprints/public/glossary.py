"""The glossary: the acronyms that this site uses, and what they stand for."""

from flask import Blueprint, render_template

from app.blueprints.kept import public_page
from app.glossary import entries

bp = Blueprint("glossary", __name__)


@bp.get("/glossaire")
@public_page
def show():
    """Show all acronyms in the order of the alphabet."""
    return render_template("public/glossary/show.html", acronyms=entries().values())
