"""The pages of the animator and of the referents."""

from flask import Blueprint, Flask

from app.blueprints.moderation import (
    articles,
    categories,
    dashboard,
    groups,
    mailbox,
    newsletter,
    referents,
    sending,
    signups,
    users,
)

bp = Blueprint("moderation", __name__)
for _module in (articles, categories, dashboard, groups, mailbox, newsletter, referents, sending, signups, users):
    bp.register_blueprint(_module.bp)


def init_app(app: Flask) -> None:
    """Add these pages to the application."""
    app.register_blueprint(bp)
