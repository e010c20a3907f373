"""The animator's pages."""

from flask import Blueprint, Flask

from app.blueprints.moderation import mailbox

bp = Blueprint("moderation", __name__)
bp.register_blueprint(mailbox.bp)


def init_app(app: Flask) -> None:
    """Add these pages to the application."""
    app.register_blueprint(bp)
