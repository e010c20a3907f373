"""An event once more, for those who found no place; and an event that does not take place."""

from flask import Blueprint, flash, redirect, render_template, request
from flask_login import current_user

from app.access import is_member, may_edit, require, viewer_of
from app.blueprints.publications.common import address_of, find
from app.blueprints.publications.organising import EVENT, find_held, lock_held
from app.blueprints.web import current_viewer, require_token
from app.extensions import db
from app.forms.organising import CancelForm
from app.services import attachments, attendance, cancelling, sessions
from app.services.attendance import Part
from app.templating import plural

bp = Blueprint("sessions", __name__)

STARTED = "Voici le brouillon de la nouvelle séance. Choisissez sa date, relisez, puis publiez."
NO_ROOM = "{} : votre conseil n’a plus assez de place. Joignez-les vous-même, ou libérez de la place."


@bp.route(f"{EVENT}/rattrapage", methods=["GET", "POST"])
def follow(path, item_id, slug):
    """Begin a second session of an event, as a draft."""
    event = find_held(path, item_id, slug)
    if request.method == "GET":
        page = {"waiting": attendance.sizes(event)[Part.WAITING], "files": attachments.of(event, is_minutes=False)}
        return render_template("publications/sessions/follow.html", event=event, **page)
    require_token()
    event, me = lock_held(event)
    draft, missing = sessions.follow(event, me)
    waiting = attendance.sizes(event)[Part.WAITING]
    db.session.commit()
    flash(STARTED)
    if waiting:
        flash(f"Quand vous la publierez, elle sera d’abord proposée {_to(waiting)} de la liste d’attente.")
    if missing:
        flash(NO_ROOM.format(plural(missing, "fichier n’a pas été copié", "fichiers n’ont pas été copiés")))
    return redirect(address_of(draft, "editing.edit"))


def _to(count):
    return "à la personne" if count == 1 else f"aux {count} personnes"


@bp.route(f"{EVENT}/annulation", methods=["GET", "POST"])
def cancel(path, item_id, slug):
    """Ask once, with the reason, then say that an event does not take place."""
    require(is_member(current_viewer()))
    event = find(path, item_id)
    require(may_edit(current_viewer(), event))
    if not cancelling.may_be_cancelled(event):
        return _nothing_to_cancel(event)
    form = CancelForm()
    if form.validate_on_submit():
        return _cancel(event, form.reason.data)
    page = {"event": event, "form": form, "concerned": cancelling.concerned(event, current_user.id)}
    return render_template("publications/sessions/cancel.html", **page), *form.outcome


def _cancel(event, reason):
    event, me = lock_held(event)
    require(may_edit(viewer_of(me), event))
    if not cancelling.may_be_cancelled(event):
        db.session.rollback()
        return _nothing_to_cancel(event)
    cancelling.cancel(event, reason, me)
    db.session.commit()
    flash("L’événement est annulé. Le site prévient maintenant les personnes concernées.")
    return redirect(address_of(event))


def _nothing_to_cancel(event):
    if event.cancelled_at:
        flash("Cet événement est déjà annulé.")
    elif event.is_draft:
        flash("Cet événement n’est pas encore publié : il n’y a rien à annuler. Vous pouvez le supprimer.")
    else:
        flash("Cet événement est passé : il n’y a plus rien à annuler.")
    return redirect(address_of(event))
