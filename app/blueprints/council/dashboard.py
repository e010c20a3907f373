"""`/mon-conseil`: where a member's work begins."""

from datetime import timedelta

from flask import Blueprint, render_template
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.access import may_keep, members_of, readable, require
from app.blueprints.web import current_viewer, paginate
from app.extensions import db
from app.models import User
from app.models.types import utcnow
from app.services import discussions, fiches, shelves, validation

bp = Blueprint("dashboard", __name__)
FIRST_LOOK = timedelta(days=30)  # what is new to whoever has never come before
NAMED = 8  # members on the first page


@bp.get("")
def show():
    """Show what is new, what is to be done, and the ways to all the rest."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    since = current_user.former_visit_at or utcnow() - FIRST_LOOK
    # Whoever looks is a member, so there is a first row, which tells how many there are, and of which council.
    first = _members(viewer).add_columns(func.count().over()).limit(NAMED).options(joinedload(User.council))
    members = db.session.execute(first).all()
    council = members[0][0].council
    return render_template(
        "council/dashboard/show.html",
        council=council,
        since=since,
        news=shelves.news(viewer, since),
        newcomers=_newcomers(viewer, since),
        unread=discussions.count_unread(current_user, viewer),
        unanswered=validation.count_unanswered(viewer),
        is_stale=fiches.is_stale(council),
        members=[person for person, _ in members],
        count=members[0][1],
        coming=shelves.coming(viewer, council.id),
        drafts=shelves.drafts(viewer),
        unsaved=shelves.unsaved(viewer),
    )


def _newcomers(viewer, since, most=5):
    """Return the members whose account was opened since an instant, the last one first."""
    theirs = (members_of(viewer.council_id), User.decided_at > since, User.id != viewer.user_id)
    query = select(User).where(readable(User, viewer), *theirs).order_by(User.decided_at.desc(), User.id)
    return list(db.session.scalars(query.limit(most)))


@bp.get("/membres")
def members():
    """Show the members of the council, with what they say of themselves."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    return render_template("council/dashboard/members.html", page=paginate(_members(viewer), per_page=30))


def _members(viewer):
    query = select(User).where(readable(User, viewer), members_of(viewer.council_id))
    return query.order_by(User.last_name, User.first_name, User.id)
