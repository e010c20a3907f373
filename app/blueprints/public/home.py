"""The home page."""

from flask import Blueprint, render_template

from app.blueprints.kept import public_page
from app.forms.search import SearchForm
from app.services.directory import directory
from app.services.maps import outlines

bp = Blueprint("home", __name__)


@bp.get("/")
@public_page
def show():
    """Say what councils are, and help to find one."""
    return render_template(
        "public/home/show.html", form=SearchForm(formdata=None), directory=directory(), outlines=outlines()
    )
