"""The bin of a council, where what was deleted waits for 30 days."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import joinedload

from app.access import is_member, may_edit, may_read, may_recover, may_share, require, viewer_of
from app.blueprints.publications.common import address_of, find, in_bin, lock, require_slug
from app.blueprints.web import current_viewer, paginate, require_token
from app.extensions import begin_write, db
from app.labels import PublicationKind
from app.models import Attachment, Publication
from app.services import attachments, bin, cancelling, texts
from app.templating import quoted

bp = Blueprint("bin", __name__)

PER_PAGE = 20
GONE = "Ce n’est plus dans la corbeille : quelqu’un l’a remis à sa place, ou les 30 jours sont passés."
ALREADY = "C’est déjà dans la corbeille."


@bp.get("/mon-conseil/corbeille")
def index():
    """Show what was deleted, or, asked by « quoi », the files that were taken away."""
    viewer = current_viewer()
    require(may_share(viewer, PublicationKind.EVENT))
    is_files = request.args.get("quoi") == "fichiers"
    page = paginate((bin.files_of if is_files else bin.publications_of)(viewer), PER_PAGE)
    shown = {
        "page": page, "is_files": is_files, "end_of": bin.end_of, "may_edit": lambda item: may_edit(viewer, item),
        "may_recover": lambda item: may_recover(viewer, item),
        "quota": (attachments.taken(viewer.council_id), attachments.allowed()),
    }  # fmt: skip
    return render_template("publications/bin/index.html", **shown)


@bp.route("/<kind:path>/<id:item_id>-<slug>/suppression", methods=["GET", "POST"])
def discard(path, item_id, slug):
    """Ask once, then move a publication into the bin."""
    require(is_member(current_viewer()))
    if in_bin(item_id, current_viewer()):
        flash(ALREADY)
        return redirect(url_for(".index"))
    item = find(path, item_id, joinedload(Publication.council))
    require(may_edit(current_viewer(), item))
    if request.method == "GET":
        require_slug(item, slug)
        page = {"files": len(attachments.of(item)), "concerned": cancelling.concerned(item, current_viewer().user_id)}
        return render_template("publications/bin/discard.html", item=item, **page)
    require_token()
    begin_write()
    item, me = lock(Publication, item_id)
    require(item is not None and may_edit(viewer_of(me), item))
    concerned = cancelling.concerned(item, me.id)
    if concerned.told or concerned.unreached:  # nobody is to stand before a closed door
        cancelling.cancel(item, "", me)
    bin.discard(item, me)
    db.session.commit()
    flash(f"{quoted(item.name)} est dans la corbeille.")
    return redirect(url_for(".index"))


@bp.post("/mon-conseil/corbeille/<id:item_id>/retour")
def recover(item_id):
    """Take a publication out of the bin."""
    viewer = current_viewer()
    require(may_share(viewer, PublicationKind.EVENT))
    require_token()
    begin_write()
    item, me = lock(Publication, item_id)
    viewer = viewer_of(me)
    if item is not None and item.deleted_at is None and may_read(viewer, item):
        flash("C’est déjà à sa place.")
        return redirect(address_of(item))
    if not in_bin(item_id, viewer):
        flash(GONE)
        return redirect(url_for(".index"))
    require(may_recover(viewer, item))
    bin.recover(item)
    db.session.commit()
    flash("C’est remis à sa place, pour les mêmes personnes qu’avant.")
    return redirect(address_of(item) if may_read(viewer, item) else url_for(".index"))


@bp.post("/mon-conseil/corbeille/fichiers/<id:attachment_id>/retour")
def recover_file(attachment_id):
    """Give a file back to its publication."""
    viewer = current_viewer()
    require(may_share(viewer, PublicationKind.EVENT))
    require_token()
    begin_write()
    attachment, me = lock(Attachment, attachment_id)
    viewer = viewer_of(me)
    if attachment is None or attachment.publication is None or not may_read(viewer, attachment):
        flash(GONE)
        return redirect(url_for(".index", quoi="fichiers"))
    item = attachment.publication
    require(may_edit(viewer, item))
    is_back = attachments.recover(attachment)
    texts.index(item)
    db.session.commit()
    name = attachment.file.name
    flash(f"{quoted(name)} est remis à sa place." if is_back else attachments.TOO_MANY)
    return redirect(address_of(item))
