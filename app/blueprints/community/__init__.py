"""What members of all councils share."""

from flask import Blueprint, Flask

from app.blueprints.community import forum

bp = Blueprint("community", __name__)
bp.register_blueprint(forum.bp)


def init_app(app: Flask) -> None:
    """Add these pages to the application."""
    app.register_blueprint(bp)
