"""`/animation/inscriptions`: the sign-ups that the peers have left, or given, to the referent and the animator."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for

from app.access import get_readable_or_404, may_decide, may_review, may_steer, may_watch_signups, require, viewer_of
from app.blueprints.web import current_viewer, paginate
from app.extensions import begin_write, db
from app.forms.vouches import DecisionForm
from app.models import User
from app.notifications.signups import why_held
from app.services import validation

bp = Blueprint("signups", __name__, url_prefix="/animation/inscriptions")


@bp.get("")
def index():
    """List those to decide, the late ones first, and for the animator those that the peers still have."""
    viewer = current_viewer()
    require(may_watch_signups(viewer))
    page = paginate(validation.watched(viewer), per_page=20)
    return render_template("moderation/signups/index.html", page=page, steers=may_steer(viewer))


@bp.route("/<id:candidate_id>", methods=["GET", "POST"])
def show(candidate_id):
    """Show one with the words of the peers, and either the decision to take or the one that was taken."""
    viewer = current_viewer()
    require(may_watch_signups(viewer))
    candidate = get_readable_or_404(User, viewer, id=candidate_id)
    if not may_review(viewer, candidate):
        abort(404)
    form = DecisionForm()
    if may_decide(viewer, candidate) and form.validate_on_submit():
        return _decide(candidate_id, form)
    return render_template(
        "moderation/signups/show.html",
        candidate=candidate,
        vouches=validation.vouches_on(candidate),
        why=why_held(candidate) if candidate.escalated_at else "",
        verdict=validation.verdict(candidate, db.session.get(User, viewer.user_id)),
        may_decide=may_decide(viewer, candidate),
        form=form,
    ), *form.outcome


def _decide(candidate_id, form):
    begin_write()
    candidate = db.session.get(User, candidate_id, with_for_update=True)
    decider = db.session.get(User, current_viewer().user_id)
    if candidate is None or not may_decide(viewer_of(decider), candidate):
        flash(validation.verdict(candidate, decider))
        return redirect(url_for(".index"))
    validation.decide(decider, candidate, approves=form.approves, reason=form.reason.data)
    db.session.commit()
    done = "validée" if form.approves else "refusée"
    flash(f"Inscription {done} : {candidate.name} l’apprend par courriel.")
    return redirect(url_for(".index"))
