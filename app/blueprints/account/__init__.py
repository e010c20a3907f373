"""What a person does with their own account."""

from flask import Blueprint, Flask

from app.blueprints.account import calendar, data, passwords, profile, sessions, signups, vouches

bp = Blueprint("account", __name__)
for _module in (calendar, data, passwords, profile, sessions, signups, vouches):
    bp.register_blueprint(_module.bp)


def init_app(app: Flask) -> None:
    """Add these pages to the application."""
    app.register_blueprint(bp)
