"""`/mon-conseil`: what the members of a council do there together."""

from flask import Blueprint, Flask

from app.blueprints.council import contributions, dashboard, fiche, folders, signups

bp = Blueprint("council", __name__, url_prefix="/mon-conseil")
for _module in (contributions, dashboard, fiche, folders, signups):
    bp.register_blueprint(_module.bp)


def init_app(app: Flask) -> None:
    """Add these pages to the application."""
    app.register_blueprint(bp)
