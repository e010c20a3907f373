"""`/mon-profil/agenda`: the secret address by which a telephone reads one's own agenda."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import select

from app.access import is_member, require
from app.blueprints.web import absolute_url, current_viewer
from app.extensions import begin_write, db
from app.forms.agenda import CLOSE, AddressesForm, CalendarForm
from app.models import User
from app.services import calendars

bp = Blueprint("calendar", __name__)

DONE = {
    "make": "Votre adresse est prête : suivez les explications pour l’ajouter à votre téléphone.",
    "renew": "Voici votre nouvelle adresse. L’ancienne ne marche plus.",
    "stop": "Votre adresse est supprimée : les téléphones qui la lisaient ne reçoivent plus rien.",
}


@bp.route("/mon-profil/agenda", methods=["GET", "POST"])
def edit():
    """Show the address, and how to use it; make it, change it, stop it."""
    require(is_member(current_viewer()))
    form = CalendarForm()
    if form.validate_on_submit():
        _change(form.act.data)
        flash(DONE[form.act.data])
        return redirect(url_for(".edit"))
    addresses = AddressesForm(formdata=None, data=_addresses(current_user.agenda_key))
    return render_template("account/calendar/edit.html", form=form, addresses=addresses), *form.outcome


def _addresses(key):
    if key is None:
        return {}
    return {
        "close": absolute_url("public.agenda.personal", key=key, choix=CLOSE),
        "whole": absolute_url("public.agenda.personal", key=key),
    }


def _change(act):
    """Make, change or stop the address. To make it twice is to make it once."""
    begin_write()
    user = db.session.scalar(select(User).where(User.id == current_user.id).with_for_update())
    require(user.is_active)
    if act == "stop":
        calendars.take_key(user)
    elif act == "renew" or user.agenda_key is None:
        calendars.give_key(user)
    db.session.commit()
