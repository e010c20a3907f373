"""`/lettre/2026-11`: an issue of the monthly letter, which everybody reads once it leaves."""

from flask import Blueprint, abort, render_template

from app.access import get_readable_or_404
from app.blueprints.kept import public_page
from app.blueprints.web import current_viewer
from app.models import NewsletterIssue
from app.notifications.newsletter import still_readable
from app.services import newsletter

bp = Blueprint("issues", __name__)


@bp.get("/lettre/<month>")
@public_page
def show(month):
    """Show an issue without what visitors may not read any more, and mark events called off; a draft, to those who
    prepare it."""
    first = newsletter.read_month(month) or abort(404)
    issue = get_readable_or_404(NewsletterIssue, current_viewer(), month=first)
    is_sent = issue.has_left and issue.content is not None
    content = still_readable(issue.content if is_sent else newsletter.compose(issue))
    former, later = newsletter.beside(issue)
    return render_template("public/issues/show.html", issue=issue, letter=content, former=former, later=later)
