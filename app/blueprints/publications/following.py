"""Following a document that several write, or following it no more."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_login import current_user

from app.access import may_follow, require, viewer_of
from app.blueprints.publications.common import address_of, find, lock
from app.blueprints.web import current_viewer, require_token
from app.extensions import begin_write, db
from app.models import Document
from app.services import following

bp = Blueprint("following", __name__)

ACTS = {  # button → whether they follow from now on, what they are told
    "suivre": (True, "Vous suivez ce document : vous recevrez un courriel quand il aura changé."),
    "cancel": (False, "Vous ne suivez plus ce document."),
}


@bp.post("/<any(documents):path>/<id:item_id>-<slug>/suivi")
def edit(path, item_id, slug):
    """Let the viewer be told of the changes of a document, or not any more; then back to where the button was."""
    item = find(path, item_id)
    require(may_follow(current_viewer(), item))
    require_token()
    is_on, said = ACTS.get(request.form.get("act")) or abort(400)  # no button of ours
    begin_write()
    item, me = lock(Document, item_id)
    require(item is not None and may_follow(viewer_of(me), item))
    following.set(item, me, is_on)
    db.session.commit()
    if is_on and (why := following.unheard(current_user)):
        said = f"Vous suivez ce document, mais {why} : votre profil dit comment les recevoir."
    flash(said)
    is_from_list = request.args.get("retour") == "profil"
    return redirect(url_for("account.profile.followed", _anchor="suivis") if is_from_list else address_of(item))
