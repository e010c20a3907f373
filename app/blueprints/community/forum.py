"""`/forum`: the discussions of all members, rubric by rubric."""

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask_login import current_user

from app.access import is_member, may_open_topic, may_steer, require
from app.blueprints.community.common import address_of_category, find_category, find_category_by_id
from app.blueprints.web import current_viewer, require_token
from app.extensions import begin_write, db
from app.models import Category
from app.models.types import utcnow
from app.services import discussions, listening
from app.services.shelves import BadCursor

bp = Blueprint("forum", __name__, url_prefix="/forum")


@bp.get("")
def index():
    """Show the rubrics with their last topics, and the groups of the person."""
    viewer = current_viewer()
    require(is_member(viewer))
    shelves = discussions.shelves(current_user, viewer)
    return render_template(
        "community/forum/index.html",
        shelves=[shelf for shelf in shelves if shelf.category.group is None],
        groups=[shelf for shelf in shelves if shelf.category.group is not None],
        steers=may_steer(viewer),
    )


@bp.get("/<slug>")
def show(slug):
    """Show the topics of a rubric."""
    require(is_member(current_viewer()))
    return category_page(find_category(slug))


@bp.post("/rubriques/<id:category_id>/lu")
def read(category_id):
    """Mark a rubric as read, whole."""
    require(is_member(current_viewer()))
    category = find_category_by_id(category_id)
    require_token()
    begin_write()
    discussions.mark_all_read(category, current_user, min(utcnow(), _shown_at()))
    db.session.commit()
    flash("Tout est marqué comme lu.")
    return redirect(address_of_category(category))


def _shown_at():
    """Return when the list was shown whose button was pressed."""
    microseconds = request.args.get("vu", type=int) or 0
    return datetime.fromtimestamp(microseconds / 10**6, UTC) if 0 < microseconds < 2**52 else utcnow()


def category_page(category: Category) -> str:
    """Print the topics of a rubric, or of a group, which the viewer may read."""
    viewer = current_viewer()
    try:
        cursors = {"before": request.args.get("avant", ""), "after": request.args.get("apres", "")}
        page = discussions.topics(category, current_user, viewer, **cursors)
    except BadCursor:
        abort(404)
    return render_template(
        "community/forum/show.html",
        category=category,
        page=page,
        now=int(utcnow().timestamp() * 10**6),
        is_first=not any(cursors.values()),
        may_open=may_open_topic(viewer, category),
        is_followed=listening.follows_category(category, current_user),
    )
