"""The folders and series of the council."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.access import may_keep, require, viewer_of
from app.blueprints.web import current_viewer, lock_writer, paginate, require_token
from app.extensions import begin_write, db
from app.forms.folders import FolderForm
from app.models import Folder
from app.services import shelves

bp = Blueprint("folders", __name__)
PER_PAGE = 20
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
    page = paginate(select(Folder).filter_by(council_id=viewer.council_id).order_by(Folder.name, Folder.id), PER_PAGE)
    counts = shelves.count_in(viewer, page.items)
    return render_template("council/folders/index.html", form=form, page=page, counts=counts), *form.outcome


@bp.get("/dossiers/<id:folder_id>")
def show(folder_id):
    """Show what one holds, of all kinds."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    folder = _find(folder_id)
    page = paginate(shelves.held_in(viewer, folder), PER_PAGE)
    return render_template("council/folders/show.html", folder=folder, page=page)


@bp.route("/dossiers/<id:folder_id>/modifier", methods=["GET", "POST"])
def edit(folder_id):
    """Give one another name; make a series of it, or a plain folder."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    folder = _find(folder_id)
    form = FolderForm(obj=folder)
    if form.validate_on_submit() and _save(form, folder_id):
        flash("C’est enregistré.")
        return redirect(url_for(".show", folder_id=folder_id))
    return render_template("council/folders/edit.html", form=form, folder=_find(folder_id)), *form.outcome


@bp.route("/dossiers/<id:folder_id>/suppression", methods=["GET", "POST"])
def delete(folder_id):
    """Ask once, then delete one; what is in it stays."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    if request.method == "GET":
        return render_template("council/folders/delete.html", folder=_find(folder_id))
    require_token()
    folder = _find(folder_id, _lock_council_id())
    name = folder.name
    shelves.delete_folder(folder)
    db.session.commit()
    flash(f"Le dossier « {name} » est supprimé. Ce qu’il contenait est toujours là, sans dossier.")
    return redirect(url_for(".index"))


def _find(folder_id, locked_council_id=None):
    """Return a folder of the viewer's council, or abort with 404. `locked_council_id`: it is going to change."""
    known = select(Folder).filter_by(id=folder_id, council_id=locked_council_id or current_viewer().council_id)
    return db.session.scalar(known.with_for_update() if locked_council_id else known) or abort(404)


def _lock_council_id():
    """Begin a write; return the id of the council that the viewer keeps, with the rights of this instant."""
    begin_write()
    viewer = viewer_of(lock_writer())
    require(may_keep(viewer, viewer.council_id))
    return viewer.council_id


def _save(form, folder_id):
    """Write the form down; tell whether its name was free. Two at once: the database lets one of them through."""
    council_id = _lock_council_id()
    folder = _find(folder_id, council_id) if folder_id else Folder(council_id=council_id)
    if not shelves.is_folder_taken(council_id, form.name.data, but=folder_id or 0):
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
