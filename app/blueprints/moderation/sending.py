"""`/animation/lettre/…/envoi`: the letter leaves, on a day or at once; it is held back, and goes on."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app.blueprints.moderation.newsletter import begin, find
from app.blueprints.web import require_token
from app.extensions import db
from app.forms.newsletter import ScheduleForm
from app.services import mailing, newsletter
from app.templating import moment

bp = Blueprint("sending", __name__, url_prefix="/animation/lettre/<month>")


@bp.route("/envoi", methods=["GET", "POST"])
def show(month):
    """Show where the sending of an issue stands, with what can be done; let it leave on a day."""
    issue, form = find(month), ScheduleForm()
    if form.validate_on_submit():
        at, version = form.send_at, _version()
        words = f"C’est noté : la lettre part le {moment(at)}."
        _do(month, lambda issue, me: mailing.schedule(issue, at, me, version), words)
        return redirect(url_for(".show", month=month))
    if not form.is_submitted():
        form.version.data = str(issue.version)
    figures = mailing.figures(issue) if issue.has_left else None
    people = mailing.count_recipients()
    about = {"figures": figures, "people": people, "newer": newsletter.newer(issue)}
    return render_template("moderation/sending/show.html", issue=issue, form=form, **about), *form.outcome


@bp.route("/depart", methods=["GET", "POST"])
def send(month):
    """Ask once, then let an issue leave at once; a second click does nothing more."""
    issue = find(month)
    if request.method == "GET":
        people = mailing.count_recipients()
        newer = newsletter.newer(issue)
        return render_template("moderation/sending/send.html", issue=issue, people=people, newer=newer)
    require_token()
    version = _version()
    words = "La lettre part. Vous pouvez quitter cette page."
    _do(month, lambda issue, me: mailing.send_now(issue, me, version), words)
    return redirect(url_for(".show", month=month))


@bp.route("/sans-lettre", methods=["GET", "POST"])
def skip(month):
    """Ask once, then let the month go by without its letter."""
    issue = find(month)
    if request.method == "GET":
        return render_template("moderation/sending/skip.html", issue=issue)
    require_token()
    version = _version()
    words = "C’est noté : pas de lettre ce mois-ci. Ce qu’elle contenait ira dans la prochaine."
    _do(month, lambda issue, me: mailing.skip(issue, me, version), words)
    return redirect(url_for(".show", month=month))


@bp.post("/retour")
def take_up(month):
    """Make a draft again of an issue that was skipped."""
    return _press(month, mailing.take_up, "La lettre est de nouveau un brouillon.", "moderation.newsletter.edit")


@bp.post("/essai")
def test(month):
    """Send the issue to the animator alone."""
    return _press(month, mailing.send_test, "Un essai part vers votre adresse. Il arrive dans quelques minutes.")


@bp.post("/annulation")
def cancel(month):
    """Take back the day on which an issue was to leave."""
    return _press(month, mailing.unschedule, "Le départ est annulé. La lettre est de nouveau un brouillon.")


@bp.post("/arret")
def stop(month):
    """Hold back what has not left yet."""
    return _press(month, mailing.stop, "L’envoi est arrêté. Ce qui est déjà parti ne peut pas être repris.")


@bp.post("/reprise")
def resume(month):
    """Send what was held back."""
    return _press(month, mailing.resume, "L’envoi reprend.")


def _press(month, verb, words, place=".show"):
    """Do what a button asks of an issue; then go on to a place."""
    find(month)
    require_token()
    _do(month, verb, words)
    return redirect(url_for(place, month=month))


def _version():
    """Return the version of the issue that the page showed; none is -1."""
    return request.form.get("version", -1, type=int)


def _do(month, verb, words):
    """Do something with an issue, and say so; or say why that cannot be."""
    me = begin()
    try:
        verb(find(month), me)
        db.session.commit()
        flash(words)
    except mailing.Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
