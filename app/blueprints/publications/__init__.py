"""What councils share: its pages, its forms, its lists, its versions and the bin."""

from flask import Blueprint, Flask

from app.blueprints.publications import bin, editing, items, lists, versions

bp = Blueprint("publications", __name__)
for _module in (items, editing, versions, bin, lists):
    bp.register_blueprint(_module.bp)


def init_app(app: Flask) -> None:
    """Add these pages to the application."""
    app.register_blueprint(bp)
