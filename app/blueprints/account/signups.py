"""`/inscription`: from « which council? » to the confirmed address; `/mon-inscription`: what has become of it."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app import passwords
from app.access import has_account, readable, require
from app.blueprints.kept import public_page
from app.blueprints.web import ListPagination, count, current_viewer, home_of, is_logged_in, require_token
from app.extensions import begin_write, db
from app.forms.passwords import ConfirmationForm
from app.forms.search import SearchForm
from app.forms.signups import CorrectionForm, SignUpForm, mailbox, shown_number
from app.labels import UserStatus
from app.models import Council, User
from app.services import limits, signups
from app.services.directory import directory
from app.services.finding import search
from app.signing import BadToken

bp = Blueprint("signups", __name__)

ROOM = 2500  # characters that a cookie has left for what was typed
WRITTEN = "signup"  # what was typed when a council vanished, in the session
TYPED = "signup_email"  # the address of a form that was just sent, in the session
OTHER = (
    "Ce n’est pas le mot de passe de cette inscription. Retapez-le. Vous ne le retrouvez pas ? Retapez celui que vous "
    "voulez avoir, et cochez la case."
)
MEMBER = "Vous avez déjà un compte : pour changer de conseil, écrivez-nous (page « Contact »)."
PENDING = "Votre inscription attend déjà d’être validée : pour un autre conseil, retirez-la d’abord."
SECRET = ("csrf_token", "password", "remarque", "stamp")


@bp.get("/inscription")
@public_page
def find():
    """Find one's council, by the search of the directory."""
    if is_logged_in():
        return redirect(home_of(current_user))
    places, form = directory(), SearchForm(request.args)
    valid = form.validate()
    found = search(places, form.q.data) if valid and form.q.data else None
    page = ListPagination(found.councils if found else [])
    near = found.near or places.near(found.place) if found and found.place and not found.councils else []
    shown = {"form": form, "found": found, "page": page, "near": near, "directory": places}
    return render_template("account/signups/find.html", **shown), 200 if valid else 422


@bp.route("/inscription/<slug>", methods=["GET", "POST"])
def new(slug):
    """Ask for what a sign-up needs, and answer all the same whether the address is known or not."""
    if is_logged_in():
        return _has_account(slug)
    council = _council(slug)
    if council is None:
        return _vanished(slug)
    form = SignUpForm(data=session.pop(WRITTEN, None))
    form.place_in(council)
    if form.validate_on_submit():
        if form.is_of_a_machine:
            return _look(form)
        if _may_try(form):
            return _look(form) if _sign_up(slug, form) else _vanished(slug)
    return render_template("account/signups/new.html", form=form, council=council), *form.outcome


def _has_account(slug):
    """Take somebody who is logged in home, and say why when they wanted another council."""
    if current_user.council and current_user.council.slug != slug:
        flash(MEMBER if current_user.is_active else PENDING)
    return redirect(home_of(current_user))


def _look(form):
    session[TYPED] = form.email.data
    return redirect(url_for(".sent"))


def _council(slug):
    if "\0" in slug:
        return None
    rows = select(Council).where(Council.slug == slug, readable(Council, current_viewer()))
    return db.session.scalar(rows.options(selectinload(Council.territories)))


def _vanished(slug):
    """Say that there is no such council, offer others, and keep what was typed for the next form."""
    fields = {name: value for name, value in request.form.items() if name not in SECRET}
    if fields and sum(map(len, map(repr, fields.items()))) < ROOM:
        session[WRITTEN] = fields
    shown = {"form": SearchForm(formdata=None), "words": fields.get("words", ""), "written": WRITTEN in session}
    return render_template("account/signups/vanished.html", **shown), 404


def _may_try(form):
    """Count the sign-up; the many spellings of one mailbox count as one."""
    here = limits.network(request.remote_addr)
    return count(form, (limits.SIGNUP_ADDRESS, here), (limits.SIGNUP_ACCOUNT, mailbox(form.email.data)))


def _sign_up(slug, form):
    """Keep the sign-up, unless the council has gone meanwhile. It takes as long for a known address: the password is
    hashed in any case."""
    columns = {name: form[name].data for name in ("first_name", "last_name", "college", "words")}
    columns |= {"phone": form.mobile, "password_hash": passwords.hash_password(form.password.data)}
    begin_write()
    council = db.session.scalar(select(Council).where(Council.slug == slug).with_for_update(read=True))
    if council:
        signups.sign_up(
            council, email=form.email.data, by_sms=form.by_sms.data, wants_letter=form.letter.data, **columns
        )
    db.session.commit()
    return council is not None


@bp.get("/inscription/courriel/envoye")
def sent():
    """Tell to look into the mailbox: the same words whatever happened."""
    return render_template("account/signups/sent.html", email=session.pop(TYPED, ""))


@bp.get("/confirmation", defaults={"token": ""})
@bp.route("/confirmation/<path:token>", methods=["GET", "POST"])
def confirm(token):
    """Ask for the password, on a page that mail scanners may open, and note that the address is this person's."""
    try:
        user = signups.by_confirmation(token)
        if user is None:
            return _bad_link("expired")
        form = ConfirmationForm(user)
        if request.method == "POST" and user.status != UserStatus.UNCONFIRMED:
            return redirect(url_for(".confirm", token=token))
        if form.validate_on_submit() and _knows(form, user):
            return _confirm(token, passwords.hash_password(form.password.data))
    except BadToken as error:
        return _bad_link("expired" if error.is_expired else "cut")
    shown = {"peers": signups.count_peers(user.council), "is_new": "fait" in request.args}
    return render_template("account/signups/confirm.html", form=form, user=user, **shown), *form.outcome


def _knows(form, user):
    """Tell whether the password is the one of the sign-up, or is to take its place; attempts are counted."""
    kept = user.password_hash
    if not count(form, (limits.LOGIN_PAIR, f"{user.email} {limits.network(request.remote_addr)}")):
        return False
    if form.takes.data or passwords.is_right(kept, form.password.data):
        return True
    form.password.errors = [OTHER]
    return False


def _confirm(token, password_hash):
    begin_write()
    user = signups.by_confirmation(token, lock=True)
    if user is None:
        return _bad_link("expired")
    is_new = signups.confirm(user, password_hash)
    db.session.commit()
    return redirect(url_for(".confirm", token=token, fait=1 if is_new else None))


def _bad_link(why):
    return render_template("account/signups/bad_link.html", why=why), 404 if why == "cut" else 410


@bp.get("/mon-inscription")
def show():
    """Show who holds the request and since when, and the form that corrects it."""
    require(has_account(current_viewer()))
    if current_user.status != UserStatus.PENDING:
        return redirect(home_of(current_user))
    kept = {name: getattr(current_user, name) for name in ("first_name", "last_name", "college", "words")}
    return _shown(CorrectionForm(data={**kept, "phone": shown_number(current_user.phone)}))


def _shown(form):
    council = current_user.council
    shown = {"form": form, "referents": signups.referents_of(council), "peers": signups.count_peers(council)}
    return render_template("account/signups/show.html", **shown), *form.outcome


@bp.route("/mon-inscription/corriger", methods=["GET", "POST"])
def correct():
    """Keep what a pending person corrects."""
    require(has_account(current_viewer()))
    form = CorrectionForm()
    form.place_in(current_user.council)
    if current_user.status != UserStatus.PENDING or request.method == "GET":
        return redirect(url_for(".show"))
    if not form.validate_on_submit():
        return _shown(form)
    if user := _pending():
        columns = {name: form[name].data for name in ("first_name", "last_name", "college", "words")}
        signups.correct(user, phone=form.mobile, **columns)
        db.session.commit()
        flash("Vos corrections sont enregistrées.")
    return redirect(url_for(".show"))


def _pending():
    """Return the account of this person, locked, as long as it is pending: its peers may have decided meanwhile."""
    user_id = current_user.id
    begin_write()
    waits = select(User).where(User.id == user_id, User.status == UserStatus.PENDING)
    return db.session.scalar(waits.with_for_update())


@bp.route("/mon-inscription/retrait", methods=["GET", "POST"])
def withdraw():
    """Ask whether the sign-up is to be erased, and erase it."""
    require(has_account(current_viewer()))
    if current_user.status != UserStatus.PENDING:
        return redirect(home_of(current_user))
    if request.method == "GET":
        return render_template("account/signups/withdraw.html")
    require_token()
    user = _pending()
    if user is None:
        flash("Votre inscription a été décidée entre-temps : elle n’a pas été retirée.")
        return redirect(url_for(".show"))
    signups.erase(user)
    db.session.commit()
    logout_user()
    session.clear()
    flash("Votre inscription est retirée et vos données sont effacées.")
    return redirect(url_for("account.sessions.new"))
