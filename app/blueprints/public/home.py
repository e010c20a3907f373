"""The home page."""

from flask import Blueprint, render_template

from app.blueprints.kept import public_page
from app.blueprints.web import current_viewer
from app.forms.search import SearchForm
from app.services import agenda, news
from app.services.directory import directory
from app.services.maps import outlines

bp = Blueprint("home", __name__)

COMING = 3  # events
LATEST = 3  # articles


@bp.get("/")
@public_page
def show():
    """Say what councils are, help to find one, and tell the news and the next events."""
    return render_template(
        "public/home/show.html", form=SearchForm(formdata=None), directory=directory(), outlines=outlines(),
        coming=agenda.coming(current_viewer(), size=COMING).events,
        latest=news.latest(LATEST),
    )  # fmt: skip
