"""`/mon-conseil/inscriptions`: the sign-ups that wait for a peer's word."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user

from app.access import may_keep, may_learn, may_vouch, require, viewer_of
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
    page = paginate(validation.with_peers(viewer), per_page=20)
    said = validation.answers_of(viewer.user_id, page.items)
    return render_template("council/signups/index.html", page=page, said=said)


@bp.route("/<id:candidate_id>", methods=["GET", "POST"])
def show(candidate_id):
    """Show one with the three answers, or what was decided; POST writes the answer down."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    candidate = db.session.get(User, candidate_id)
    if candidate is None or not may_vouch(viewer, candidate):
        return _too_late(candidate)
    vouch = validation.vouch_of(current_user, candidate)
    form = VouchForm(obj=vouch)
    if form.validate_on_submit():
        return _answer(candidate_id, form)
    shown = {"candidate": candidate, "vouch": vouch, "verdict": "", "form": form}
    return render_template("council/signups/show.html", **shown), *form.outcome


def _answer(candidate_id, form):
    begin_write()
    candidate = db.session.get(User, candidate_id, with_for_update=True)
    peer = db.session.get(User, current_viewer().user_id)
    if candidate is None:
        flash(validation.verdict(None, peer))
        return redirect(url_for(".index"))
    if not may_vouch(viewer_of(peer), candidate):
        return redirect(url_for(".show", candidate_id=candidate_id))
    validation.answer(peer, candidate, form.answer.data, form.reason.data)
    db.session.commit()
    flash(validation.thanks(candidate, form.answer.data))
    return redirect(url_for(".index"))


def _too_late(candidate):
    """Say who decided what. A member whose sign-up nobody decided never stood here."""
    if candidate is None or not may_learn(current_viewer(), candidate):
        abort(404)
    verdict = validation.verdict(candidate, current_user)
    return render_template("council/signups/show.html", candidate=candidate, verdict=verdict, form=None)
