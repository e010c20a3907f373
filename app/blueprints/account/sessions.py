"""`/connexion`, `/deconnexion`."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user

from app import passwords
from app.blueprints.web import count, home_of, is_from_here, is_local, require_token
from app.extensions import begin_write, db
from app.forms.accounts import LoginForm
from app.labels import Channel, UserStatus
from app.notifications import outbox
from app.services import accounts, limits, signups
from app.signing import BadToken, read

bp = Blueprint("sessions", __name__)

WRONG = (
    "Cette adresse et ce mot de passe ne vont pas ensemble. Vérifiez les deux, ou choisissez un nouveau mot de passe."
)


@bp.route("/connexion", methods=["GET", "POST"])
def new():
    """Ask for the address and the password. The block of the home page posts here too, without a token."""
    if current_user.is_authenticated:
        return redirect(home_of(current_user))
    form = LoginForm(meta={"csrf": not is_from_here()})
    if request.method == "GET":
        form.suite.data = request.args.get("suite", "")
    if form.validate_on_submit() and _may_try(form):
        if user := _who(form):
            return _open(user, form)
    return render_template("account/sessions/new.html", form=form), *form.outcome


def _may_try(form):
    """Count the attempt; say when to try again where there were too many."""
    email, here = accounts.normal_email(form.email.data), limits.network(request.remote_addr)
    return count(
        form,
        (limits.LOGIN_PAIR, f"{email} {here}"), (limits.LOGIN_ACCOUNT, email), (limits.LOGIN_ADDRESS, here),
    )  # fmt: skip


def _who(form):
    """Return the account that opens; say in the form why none does. An unknown address takes as long as a known one."""
    user = accounts.by_email(form.email.data)
    if not passwords.is_right(user.password_hash if user else None, form.password.data):
        form.refuse(WRONG)
    elif user.status in (UserStatus.PENDING, UserStatus.ACTIVE):
        return user
    else:
        form.refuse(_why_closed(user))
    return None


def _why_closed(user):
    """Return what somebody who knows the password is told of an account that does not open."""
    if user.status == UserStatus.UNCONFIRMED:
        begin_write()
        signups.ask_to_confirm(user)
        db.session.commit()
        return "Votre adresse n’est pas encore confirmée. Un nouveau courriel vient de partir : ouvrez son lien."
    return signups.why_shut(user)


def _open(user, form):
    rehashed = passwords.hash_password(form.password.data) if passwords.is_outdated(user.password_hash) else None
    begin_write()
    user = accounts.by_email(form.email.data)
    limits.forget(limits.LOGIN_PAIR, f"{user.email} {limits.network(request.remote_addr)}")
    if rehashed:
        user.password_hash = rehashed
    user.token = accounts.log_in(user, is_long=form.stay.data)
    db.session.commit()
    session.clear()  # nothing that was planted before the login lives on after it
    session.permanent = form.stay.data
    login_user(user, force=True)
    _tell_if_off(user)
    return _go_on(form, user)


def _tell_if_off(user):
    """Tell somebody to whom the site no longer writes, at the one moment when they are sure to look."""
    if outbox.why_off(Channel.MAIL, user.email) is not None:
        where = "Modifier mon profil" if user.is_active else "Contact"
        flash(f"Le site ne vous écrit plus : {user.email} a refusé ses courriels. Voyez « {where} ».")


def _go_on(form, user):
    """Go where the person was going, or show what they had written when their session ended, to be sent again."""
    suite = form.suite.data if is_local(form.suite.data) else home_of(user)
    try:
        fields = read("kept", form.kept.data) if form.kept.data else []
    except BadToken:
        fields = []
    return render_template("account/sessions/resume.html", fields=fields, suite=suite) if fields else redirect(suite)


@bp.post("/deconnexion")
def delete():
    """Close the account in this browser: the cookie opens nothing any more, even if somebody kept it."""
    if current_user.is_authenticated:
        require_token()
        begin_write()
        accounts.log_out(current_user.token)
        db.session.commit()
        logout_user()
        session.clear()
        flash("Vous êtes déconnecté.")
    return redirect(url_for(".new"))
