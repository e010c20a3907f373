"""The folders and series of the council."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.access import may_keep, require
from app.blueprints.web import current_viewer, require_token
from app.extensions import begin_write, db
from app.forms.folders import FolderForm
from app.models import Folder
from app.services import shelves

bp = Blueprint("folders", __name__)
TAKEN = "Votre conseil a déjà un dossier « {} » : choisissez un autre nom."


@bp.route("/dossiers", methods=["GET", "POST"])
def index():
    """List them, each with how much one may read there; make a new one."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    form = FolderForm()
    if form.validate_on_submit() and _save(form, None):
        flash(f"Le dossier « {form.name.data} » est créé. Choisissez-le quand vous écrivez ou modifiez un texte.")
        return redirect(url_for(".index"))
    folders = shelves.folders_of(viewer)
    return render_template("council/folders/index.html", form=form, folders=folders), *form.outcome


@bp.route("/dossiers/<id:folder_id>", methods=["GET", "POST"])
def edit(folder_id):
    """Give one another name; make a series of it, or a plain folder."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    folder = _find(folder_id)
    form = FolderForm(obj=folder)
    if form.validate_on_submit() and _save(form, folder_id):
        flash("C’est enregistré.")
        return redirect(url_for(".index"))
    return render_template("council/folders/edit.html", form=form, folder=_find(folder_id)), *form.outcome


@bp.route("/dossiers/<id:folder_id>/suppression", methods=["POST"])
def delete(folder_id):
    """Delete one; what is in it stays."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    require_token()
    begin_write()
    folder = _find(folder_id, for_update=True)
    name = folder.name
    shelves.delete_folder(folder)
    db.session.commit()
    flash(f"Le dossier « {name} » est supprimé. Ce qu’il contenait est toujours là, sans dossier.")
    return redirect(url_for(".index"))


def _find(folder_id, *, for_update=False):
    """Return a folder of the viewer's council, or abort with 404."""
    known = select(Folder).filter_by(id=folder_id, council_id=current_viewer().council_id)
    return db.session.scalar(known.with_for_update() if for_update else known) or abort(404)


def _save(form, folder_id):
    """Write the form down; tell whether its name was free. Two at once: the database lets one of them through."""
    begin_write()
    council_id = current_viewer().council_id
    folder = _find(folder_id, for_update=True) if folder_id else Folder(council_id=council_id)
    if shelves.folder_named(council_id, form.name.data, but=folder_id or 0) is None:
        form.populate_obj(folder)
        db.session.add(folder)
        try:
            db.session.commit()
            return True
        except IntegrityError:
            pass
    db.session.rollback()
    form.name.errors = [TAKEN.format(form.name.data)]
    return False
