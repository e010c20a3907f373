"""Following a topic, or the new topics of a rubric or of a group; or following them no more."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_login import current_user

from app.access import get_readable_or_404, is_member, require, viewer_of
from app.blueprints.community.common import (
    PLACE,
    WHOLE,
    address_of_category,
    address_of_topic,
    find_category_by_id,
    find_topic,
)
from app.blueprints.web import current_viewer, lock_writer, require_token
from app.extensions import begin_write, db
from app.models import Category, Topic
from app.services import listening

bp = Blueprint("following", __name__, url_prefix="/forum")

ACTS = {"suivre": True, "cancel": False}  # button → whether they follow from now on


@bp.post("/sujets/<id:topic_id>-<slug>/suivi")
def topic(topic_id, slug):
    """Let the viewer be told of the answers of a topic, or not any more; then back to where the button was."""
    require(is_member(current_viewer()))
    is_on = _asked(find_topic(topic_id))
    begin_write()
    me = lock_writer()
    topic = get_readable_or_404(Topic, viewer_of(me), *WHOLE, id=topic_id)
    listening.set_topic(topic, me, is_on)
    db.session.commit()
    flash(_said("ce sujet", "pour chaque réponse", is_on))
    page = request.args.get("page", type=int)
    return _back() or redirect(address_of_topic(topic, page=page if page and page > 1 else None))


@bp.post("/rubriques/<id:category_id>/suivi")
def category(category_id):
    """Let the viewer be told of the new topics of a rubric, or of a group, or not any more."""
    require(is_member(current_viewer()))
    is_on = _asked(find_category_by_id(category_id))
    begin_write()
    me = lock_writer()
    category = get_readable_or_404(Category, viewer_of(me), PLACE, id=category_id)
    listening.set_category(category, me, is_on)
    db.session.commit()
    what = "cette rubrique" if category.group is None else "les discussions de ce groupe"
    flash(_said(what, "pour chaque nouveau sujet", is_on))
    return _back() or redirect(address_of_category(category))


def _asked(row):
    """Return what the button says about a row that the viewer reads."""
    require_token()
    act = request.form.get("act")
    return ACTS[act] if act in ACTS else abort(400)  # no button of ours


def _said(what, when, is_on):
    if not is_on:
        return f"Vous ne suivez plus {what}."
    way, why = listening.heard(current_user)
    if why:
        return f"Vous suivez {what}, mais {why} : votre profil dit comment les recevoir."
    return f"Vous suivez {what} : {way.format(when)}."


def _back():
    is_from_list = request.args.get("retour") == "profil"
    return redirect(url_for("account.profile.followed", _anchor="discussions")) if is_from_list else None
