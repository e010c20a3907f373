"""The pages of the animator and of the referents."""

from flask import Blueprint, Flask

from app.blueprints.moderation import categories, dashboard, groups, mailbox, referents, signups, users

bp = Blueprint("moderation", __name__)
for _module in (categories, dashboard, groups, mailbox, referents, signups, users):
    bp.register_blueprint(_module.bp)


def init_app(app: Flask) -> None:
    """Add these pages to the application."""
    app.register_blueprint(bp)
