"""`/mon-conseil/inscriptions`: the sign-ups that wait for a peer's word."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user

from app.access import get_readable_or_404, may_keep, may_vouch, require, viewer_of
from app.blueprints.web import current_viewer, paginate
from app.extensions import begin_write, db
from app.forms.vouches import VouchForm
from app.models import User
from app.services import validation

bp = Blueprint("signups", __name__, url_prefix="/inscriptions")


@bp.get("")
def index():
    """List them with their clock."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    return render_template("council/signups/index.html", page=paginate(validation.with_peers(viewer), per_page=20))


@bp.route("/<int(max=2147483647):candidate_id>", methods=["GET", "POST"])
def show(candidate_id):
    """Show one with the three answers; POST writes the answer down."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    candidate = get_readable_or_404(User, viewer, id=candidate_id, council_id=viewer.council_id)
    if not may_vouch(viewer, candidate):
        return _too_late(candidate)
    vouch = validation.vouch_of(current_user, candidate)
    form = VouchForm(obj=vouch)
    if form.validate_on_submit():
        return _answer(candidate_id, form)
    return render_template("council/signups/show.html", candidate=candidate, vouch=vouch, form=form), *form.outcome


def _answer(candidate_id, form):
    begin_write()
    candidate = db.session.get(User, candidate_id, with_for_update=True)
    peer = db.session.get(User, current_viewer().user_id)
    if candidate is None or not may_vouch(viewer_of(peer), candidate):
        return _too_late(candidate)
    validation.answer(peer, candidate, form.answer.data, form.reason.data)
    db.session.commit()
    flash(validation.thanks(candidate, form.answer.data))
    return redirect(url_for(".index"))


def _too_late(candidate):
    """Say what somebody else has decided meanwhile. A member whose sign-up nobody decided never stood here."""
    if candidate and not candidate.decided_at:
        abort(404)
    flash(validation.verdict(candidate, current_user))
    return redirect(url_for(".index"))
