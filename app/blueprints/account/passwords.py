"""`/mot-de-passe-oublie`: a new password by a link."""

import time

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app.blueprints.web import count
from app.extensions import begin_write, db
from app.forms.passwords import ForgottenForm, NewPasswordForm
from app.passwords import hash_password
from app.services import accounts, limits, renewals
from app.signing import BadToken

bp = Blueprint("passwords", __name__)

SAME_TIME = 0.15  # seconds, far above what either case takes: one cannot tell them apart with a watch


@bp.route("/mot-de-passe-oublie", methods=["GET", "POST"])
def forgotten():
    """Ask where to send the link. With an account or without, the answer is the same, after the same time."""
    form = ForgottenForm()
    if form.validate_on_submit() and _may_ask(form):
        start = time.monotonic()
        begin_write()
        renewals.offer_reset(form.email.data)
        db.session.commit()
        time.sleep(max(0, start + SAME_TIME - time.monotonic()))
        return redirect(url_for(".sent"))
    return render_template("account/passwords/forgotten.html", form=form), *form.outcome


def _may_ask(form):
    email, here = accounts.normal_email(form.email.data), limits.network(request.remote_addr)
    return count(form, (limits.RESET_ADDRESS, here), (limits.RESET_ACCOUNT, email))


@bp.get("/mot-de-passe-oublie/envoye")
def sent():
    """Say where to look for the link."""
    return render_template("account/passwords/sent.html")


@bp.route("/mot-de-passe/<token>", methods=["GET", "POST"])
def reset(token):
    """Choose the new password. The link is read again under the lock: of two at once, one sets it."""
    try:
        owner = renewals.by_reset_token(token)
        form = NewPasswordForm(owner)
        if form.validate_on_submit():
            password_hash = hash_password(form.new_password.data)
            begin_write()
            renewals.reset_password(renewals.by_reset_token(token, lock=True), password_hash)
            db.session.commit()
            flash("Votre mot de passe est changé. Connectez-vous avec le nouveau.")
            return redirect(url_for("account.sessions.new"))
    except BadToken as error:
        db.session.rollback()
        page = render_template("account/passwords/dead.html", is_cut=not error.is_expired)
        return page, 410 if error.is_expired else 404
    return render_template("account/passwords/reset.html", form=form, owner=owner), *form.outcome
