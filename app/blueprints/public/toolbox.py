"""`/ressources`: the tool box of the site, beside what the councils share."""

from flask import Blueprint, redirect, url_for

from app.blueprints.kept import public_page
from app.blueprints.public.shelf import show_list
from app.labels import Shelf

bp = Blueprint("toolbox", __name__, url_prefix="/ressources")


@bp.get("")
def root():
    """Lead to the tool box, where « Ressources » begins."""
    return redirect(url_for(".index"))


@bp.get("/boite-a-outils")
@public_page
def index():
    """Show guides, tools, studies and laws."""
    return show_list(Shelf.RESOURCES, "public/toolbox/index.html")
