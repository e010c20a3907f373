"""`/lettre`: what the monthly letter is, its former issues, and how to get it, or end that, without an account."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, session, url_for
from sqlalchemy import select

from app.access import VISITOR, readable
from app.blueprints.kept import public_page
from app.blueprints.web import count, paginate, require_token
from app.extensions import begin_write, db
from app.forms.signups import mailbox
from app.forms.subscribing import SubscribingForm
from app.models import NewsletterIssue
from app.services import limits, subscribing
from app.signing import BadToken

bp = Blueprint("newsletter", __name__)

TYPED = "letter_email"
JOINED = "C’est fait : la lettre arrivera à cette adresse."
HELD_BACK = "C’est noté. Mais vous avez arrêté tous les messages du site : reprenez-les dans votre profil."
ENDED = "C’est fait : la lettre n’arrivera plus à cette adresse."


@bp.get("/lettre")
@public_page
def index():
    """Say what the letter is, with the form and the former issues, the newest first."""
    issues = select(NewsletterIssue).where(readable(NewsletterIssue, VISITOR)).order_by(NewsletterIssue.month.desc())
    form = SubscribingForm(formdata=None, meta={"csrf": False})
    return render_template("public/newsletter/index.html", form=form, page=paginate(issues, per_page=24))


@bp.route("/lettre/abonnement", methods=["GET", "POST"])
def ask():
    """Take an address; the answer is the same whether it gets the letter or not."""
    form = SubscribingForm(meta={"csrf": False})
    if form.validate_on_submit():
        if form.is_of_a_machine:
            return _sent(form)
        if _may_try(form):
            begin_write()
            subscribing.ask(form.email.data, subscribing.LEAVE if form.wish.data == "leave" else subscribing.JOIN)
            db.session.commit()
            return _sent(form)
    return render_template("public/newsletter/ask.html", form=form), *form.outcome


def _may_try(form):
    to = (limits.LETTER_MAIL, mailbox(form.email.data))
    return count(form, to, (limits.LETTER_NETWORK, limits.network(request.remote_addr)))


def _sent(form):
    session[TYPED] = form.email.data
    return redirect(url_for(".sent"))


@bp.get("/lettre/envoyee")
def sent():
    """Tell to look into the mailbox: the same words whatever happened."""
    return render_template("public/newsletter/sent.html", email=session.pop(TYPED, ""))


@bp.route("/lettre/confirmation/<token>", methods=["GET", "POST"])
def confirm(token):
    """Show the button that subscribes: mail scanners open links. POST subscribes."""
    asked = _question(subscribing.JOIN, token)
    email = asked.recipient
    if request.method == "POST":
        _change(subscribing.confirm, email, asked.created_at)
        flash(JOINED if subscribing.is_subscribed(email) else HELD_BACK)
        return redirect(url_for(".confirm", token=token))
    return _page("confirm", email, subscribing.is_subscribed(email))


@bp.route("/lettre/desabonnement/<token>", methods=["GET", "POST"])
def leave(token):
    """Show the button that ends the subscription; POST does."""
    email = _question(subscribing.LEAVE, token).recipient
    if request.method == "POST":
        _change(subscribing.end, email)
        flash(ENDED)
        return redirect(url_for(".leave", token=token))
    return _page("leave", email, subscribing.is_asked_for(email))


def _question(purpose, token):
    """Return the mail of a link; abort with a page that says what is wrong with it."""
    try:
        return subscribing.by_token(purpose, token)
    except BadToken as error:
        page = render_template("public/newsletter/dead.html", is_old=error.is_expired)
        abort(make_response(page, 410 if error.is_expired else 404))


def _change(act, *about):
    require_token()
    begin_write()
    act(*about)
    db.session.commit()


def _page(name, email, is_subscribed):
    return render_template(f"public/newsletter/{name}.html", email=email, is_subscribed=is_subscribed)
