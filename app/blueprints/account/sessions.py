"""`/connexion`, `/deconnexion`."""

import re

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user

from app import passwords
from app.blueprints.web import count, home_of, is_from_here, is_local, kept, require_token
from app.extensions import begin_write, db
from app.forms.accounts import LoginForm
from app.labels import ARTICLE_KIND, CARRIER, KEPT_FIELD, OPEN, PILLAR, STAGE, VISIBILITY, Channel, UserStatus
from app.models import User
from app.notifications import outbox
from app.services import accounts, limits, signups
from app.templating import moment

bp = Blueprint("sessions", __name__)
ONE_OF_MANY = re.compile(r"_[0-9]+$")  # a field that a form has for each thing in a list: most are as they were

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
        if answer := _try(form):
            return answer
    return render_template("account/sessions/new.html", form=form), *form.outcome


def _may_try(form):
    """Count the attempt; say when to try again where there were too many.

    Many addresses together are limited too, but they cannot lock out somebody who logged in from here before.
    """
    email, here = accounts.normal_email(form.email.data), limits.network(request.remote_addr)
    pair = f"{email} {here}"
    wide = () if limits.has(limits.LOGIN_KNOWN, pair) else ((limits.LOGIN_ACCOUNT, email),)
    return count(form, (limits.LOGIN_PAIR, pair), (limits.LOGIN_ADDRESS, here), *wide)


def _try(form):
    """Log in, or say in the form why not. An unknown address takes as long as a known one."""
    user = accounts.by_email(form.email.data)
    proved = user.password_hash if user else None
    if not passwords.is_right(proved, form.password.data):
        form.refuse(WRONG)
    elif user.status in OPEN:
        return _open(user, proved, form)
    else:
        form.refuse(_why_closed(user))
    return None


def _why_closed(user):
    """Return what somebody who knows the password is told of an account that does not open."""
    if user.status == UserStatus.UNCONFIRMED:
        begin_write()
        at = signups.ask_to_confirm(user)
        db.session.commit()
        return (
            f"Votre adresse n’est pas encore confirmée. Un courriel est parti le {moment(at)} : ouvrez son lien. Rien "
            "n’arrive ? Attendez quelques minutes, regardez dans les indésirables."
            if at
            else WRONG
        )
    return signups.why_shut(user)


def _open(user, proved, form):
    """Log in, unless the password that was proved has been changed meanwhile, or the account closed."""
    rehashed = passwords.hash_password(form.password.data) if passwords.is_outdated(proved) else None
    user_id, pair = user.id, f"{user.email} {limits.network(request.remote_addr)}"
    begin_write()
    user = db.session.get(User, user_id, with_for_update=True)
    if user is None or user.password_hash != proved or user.status not in OPEN:
        db.session.rollback()
        form.refuse(WRONG)
        return None
    limits.forget(limits.LOGIN_PAIR, pair)
    limits.hit((limits.LOGIN_KNOWN, pair))
    user.password_hash = rehashed or proved
    user.token = accounts.log_in(user, is_long=form.stay.data)
    db.session.commit()
    written = kept(form.kept.data)
    session.clear()  # nothing that was planted before the login lives on after it
    g.pop("csrf_token", None)  # nor its token, which a page shown at once would carry
    session.permanent = form.stay.data
    login_user(user, force=True)
    _tell_if_off(user)
    if written:
        return _resume(*written)
    return redirect(form.suite.data if is_local(form.suite.data) else home_of(user))


def _resume(address, fields):
    """Show what was written when the session ended, before it is sent, or brought back into its form."""
    brought = dict(fields).get("resumed")
    said = [(KEPT_FIELD.get(name), _said(name, value)) for name, value in fields if not ONE_OF_MANY.search(name)]
    shown = [(words, text) for words, text in said if text and (words or (words is None and " " in text))]
    return render_template("account/sessions/resume.html", address=address, fields=fields, shown=shown, brought=brought)


def _said(name, value):
    known = {"level": VISIBILITY, "stage": STAGE, "carrier": CARRIER, "pillar": PILLAR, "kind": ARTICLE_KIND}
    return known.get(name, {}).get(value, value)


def _tell_if_off(user):
    """Tell somebody to whom the site no longer writes, at the one moment when they are sure to look."""
    if outbox.why_off(Channel.MAIL, user.email) is not None:
        where = "Modifier mon profil" if user.is_active else "Contact"
        flash(f"Le site ne vous écrit plus : {user.email} a refusé ses courriels. Voyez « {where} ».")


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
