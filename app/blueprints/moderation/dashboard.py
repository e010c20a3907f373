"""`/animation`: where the work of the animator and of the referents begins."""

from flask import Blueprint, render_template
from sqlalchemy import func, select

from app.access import may_prepare_letter, may_publish_articles, may_steer, may_watch_signups, readable, require
from app.blueprints.web import current_viewer
from app.extensions import db
from app.labels import UserStatus
from app.models import User
from app.services import articles, groups, newsletter, validation

bp = Blueprint("dashboard", __name__, url_prefix="/animation")


@bp.get("")
def show():
    """Show what waits: the late sign-ups first."""
    viewer = current_viewer()
    require(may_watch_signups(viewer))
    with_peers = select(func.count()).where(
        readable(User, viewer), User.status == UserStatus.PENDING, User.escalated_at.is_(None)
    )
    return render_template(
        "moderation/dashboard/show.html",
        page=db.paginate(validation.held(viewer), page=1, per_page=20),
        steers=may_steer(viewer),
        with_peers=db.session.scalar(with_peers) if may_steer(viewer) else 0,
        articles_waiting=articles.count_waiting(viewer) if may_publish_articles(viewer) else 0,
        letter=newsletter.waiting() if may_prepare_letter(viewer) else None,
        group_requests=groups.count_open_requests() if may_steer(viewer) else 0,
    )
