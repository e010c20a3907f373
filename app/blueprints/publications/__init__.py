"""What councils share: its pages, its forms, its lists, its versions and the bin."""

from flask import Blueprint, Flask

from app.blueprints.publications import (
    adopting,
    bin,
    cowriting,
    editing,
    following,
    items,
    lists,
    organising,
    papers,
    reading,
    registering,
    sessions,
    uploads,
    versions,
)
from app.blueprints.publications.common import address_of

bp = Blueprint("publications", __name__)
bp.before_request(uploads.make_room)
for _module in (
    items,
    editing,
    cowriting,
    following,
    versions,
    bin,
    lists,
    registering,
    organising,
    papers,
    sessions,
    reading,
    adopting,
):
    bp.register_blueprint(_module.bp)


def init_app(app: Flask) -> None:
    """Add these pages to the application, and `address_of` to its templates."""
    app.jinja_env.globals["address_of"] = address_of
    app.register_blueprint(bp)
