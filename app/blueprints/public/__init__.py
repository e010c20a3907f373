"""What everybody may see: the home page, the directory, the maps, the site's own pages, the open data."""

from flask import Blueprint, Flask

from app.blueprints.public import (
    agenda,
    articles,
    councils,
    data,
    display,
    feeds,
    files,
    glossary,
    health,
    home,
    issues,
    maps,
    news,
    newsletter,
    pages,
    referents,
    stop,
    toolbox,
)

bp = Blueprint("public", __name__)
for _module in (
    agenda, articles, councils, data, display, feeds, files, glossary, health, home, issues, maps, news, newsletter,
    pages, referents, stop, toolbox,
):  # fmt: skip
    bp.register_blueprint(_module.bp)


def init_app(app: Flask) -> None:
    """Add these pages to the application."""
    app.register_blueprint(bp)
