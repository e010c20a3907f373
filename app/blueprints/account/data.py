"""What a person may ask of the site about themselves: a copy of their data, and the end of their account."""

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from sqlalchemy import select

from app.access import has_account, is_member, require
from app.blueprints.web import count, current_viewer, proves, require_token
from app.extensions import begin_write, db
from app.forms.base import ActForm
from app.forms.closing import ClosingForm
from app.jobs.contents import delete_unused
from app.labels import UserStatus
from app.models import User
from app.models.types import utcnow
from app.services import closing, exporting, limits
from app.signing import BadToken

bp = Blueprint("data", __name__)

LAST_ANIMATOR = (
    "Vous êtes la seule personne qui anime le site. Avant de partir, demandez à l’organisme responsable du site de "
    "nommer quelqu’un d’autre : "
)


@bp.route("/mon-profil/donnees", methods=["GET", "POST"])
def export():
    """Say what the copy holds; the button sends it."""
    require(has_account(current_viewer()))
    form = ActForm()
    if form.validate_on_submit() and count(form, (limits.EXPORT_ACCOUNT, str(current_user.id))):
        name = f"mes-donnees-{utcnow():%Y-%m-%d}.zip"
        headers = {"Content-Disposition": f"attachment; filename={name}"}
        return Response(exporting.archive(current_user), content_type="application/zip", headers=headers)
    return render_template("account/data/export.html", form=form), *form.outcome


@bp.route("/mon-profil/fermeture", methods=["GET", "POST"])
def close():
    """Ask how to close the account, and close it."""
    require(has_account(current_viewer()))
    if request.method == "GET" and not is_member(current_viewer()):
        return redirect(url_for("account.signups.show"))  # there is no account yet, but a request to withdraw
    form = ClosingForm()
    if form.validate_on_submit() and proves(form):
        begin_write()
        animators = closing.animators()
        me = select(User).where(User.id == current_user.id).with_for_update(key_share=True)
        user = db.session.scalar(me.execution_options(populate_existing=True))  # who registers them need not wait
        require(user.status == UserStatus.ACTIVE)
        if animators != [user.id]:
            return _close(user, form)
        db.session.rollback()
        form.refuse(f"{LAST_ANIMATOR}{_operator()}.")
    return render_template("account/data/close.html", form=form), *form.outcome


def _operator():
    """Return who answers for the site, and how to reach them."""
    known = (current_app.config[f"OPERATOR_{name}"] for name in ("NAME", "EMAIL", "PHONE"))
    return ", ".join(filter(None, known))


def _close(user, form):
    is_now = form.when.data == "now"
    unused = closing.close(user, at_once=is_now, signs=form.contributions.data == "stay")
    db.session.commit()
    delete_unused(unused)
    logout_user()
    session.clear()
    end = "Vos données sont effacées." if is_now else "Pour revenir avant 30 jours, ouvrez le lien du courriel."
    flash(f"Votre compte est fermé. Un courriel vous le confirme. {end}")
    return redirect(url_for("account.sessions.new"))


@bp.route("/reouverture/<token>", methods=["GET", "POST"])
def reopen(token):
    """Show the button that brings an account back; POST does it."""
    if request.method == "POST":
        require_token()
        begin_write()
    try:
        user = closing.to_reopen(token, lock=request.method == "POST")
    except BadToken:
        return render_template("account/data/reopen.html", user=None, is_cut=True), 404
    if user is None:
        return render_template("account/data/reopen.html", user=None, is_cut=False), 410
    if request.method == "POST":
        closing.reopen(user)
        db.session.commit()
        flash("Votre compte est rouvert. Connectez-vous avec votre adresse et votre mot de passe.")
        return redirect(url_for("account.sessions.new"))
    return render_template("account/data/reopen.html", user=user, is_cut=False)
