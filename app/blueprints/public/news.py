"""`/actualites`: the news of the site."""

from flask import Blueprint

from app.blueprints.kept import public_page
from app.blueprints.public.shelf import show_list
from app.labels import Shelf

bp = Blueprint("news", __name__)


@bp.get("/actualites")
@public_page
def index():
    """Show the news, those that are pinned first."""
    return show_list(Shelf.NEWS, "public/news/index.html")
