"""`/mon-conseil`: where a member's work begins."""

from flask import Blueprint, render_template
from sqlalchemy import func, select

from app.access import may_keep, members_of, readable, require
from app.blueprints.web import current_viewer, paginate
from app.extensions import db
from app.models import Council, User
from app.services import validation

bp = Blueprint("dashboard", __name__)


@bp.get("")
def show():
    """Show the council, and what waits for its members."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    people = select(User.status, func.count()).where(User.council_id == viewer.council_id, readable(User, viewer))
    return render_template(
        "council/dashboard/show.html",
        council=db.session.get(Council, viewer.council_id),
        counts=dict(db.session.execute(people.group_by(User.status)).all()),
        unanswered=validation.count_unanswered(viewer),
    )


@bp.get("/membres")
def members():
    """Show the members of the council, with what they say of themselves."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    query = select(User).where(readable(User, viewer), members_of(viewer.council_id))
    query = query.order_by(User.last_name, User.first_name, User.id)
    return render_template("council/dashboard/members.html", page=paginate(query, per_page=30))
