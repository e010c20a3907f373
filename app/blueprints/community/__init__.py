"""What members of all councils share."""

from flask import Blueprint, Flask

from app.blueprints.community import arranging, common, files, following, forum, groups, messages, searching, topics

bp = Blueprint("community", __name__)
bp.before_request(files.make_room)
for _module in (forum, groups, topics, messages, following, arranging, searching):
    bp.register_blueprint(_module.bp)


def init_app(app: Flask) -> None:
    """Add these pages to the application."""
    app.register_blueprint(bp)
    addresses = (
        common.address_of_category, common.address_of_message, common.address_of_new, common.address_of_topic,
    )  # fmt: skip
    app.jinja_env.globals.update({function.__name__: function for function in addresses})
