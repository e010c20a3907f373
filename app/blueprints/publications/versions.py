"""The former states of what a council shares."""

from flask import Blueprint, abort, flash, redirect, render_template, request
from sqlalchemy.orm import joinedload

from app.access import is_host, may_edit, require, viewer_of
from app.blueprints.publications.common import address_of, find, lock, require_slug
from app.blueprints.web import current_viewer, paginate, require_token
from app.extensions import begin_write, db
from app.markup import TextTooComplex
from app.models import Publication
from app.services import revisions, versions

bp = Blueprint("versions", __name__)


@bp.get("/<kind:path>/<id:item_id>-<slug>/versions")
def index(path, item_id, slug):
    """List the versions."""
    item = _find(path, item_id, slug)
    page = paginate(revisions.saved(item), per_page=revisions.LISTED)
    sized = revisions.with_sizes(item, page.items)
    return render_template("publications/versions/index.html", item=item, page=page, sized=sized)


@bp.get("/<kind:path>/<id:item_id>-<slug>/versions/<id:number>")
def show(path, item_id, slug, number):
    """Show one version: whole, or what it changed, or how it differs from the present one."""
    item = _find(path, item_id, slug)
    revision = revisions.find(item, number) or abort(404)
    return render_template(
        "publications/versions/show.html", item=item, revision=revision,
        compared=revisions.compared(item, revision, request.args.get("voir", "")), shown=_shown(item, revision),
        texts=revisions.in_words(revision.content), is_newest=revision.id == revisions.newest(item).id,
        may_restore=may_edit(current_viewer(), item),
    )  # fmt: skip


def _shown(item, revision):
    """Return a version as its readers saw it; None when it can no longer be laid out."""
    try:
        return type(item)(**versions.fields_of(item, revision))  # in no session: nothing writes it
    except TextTooComplex:  # the limits were wider once
        return None


def _find(path, item_id, slug):
    """Return the publication of the address, for those who share it."""
    item = find(path, item_id, joinedload(Publication.author))
    require(is_host(current_viewer(), item))
    require_slug(item, slug)
    return item


@bp.post("/<kind:path>/<id:item_id>-<slug>/versions/<id:number>/retour")
def restore(path, item_id, slug, number):
    """Make a former text the present one, as a new version; who may read it does not change."""
    item = find(path, item_id)
    require(may_edit(current_viewer(), item))
    require_token()
    revision = revisions.find(item, number) or abort(404)
    try:
        fields = versions.fields_of(item, revision)
    except TextTooComplex as error:  # the limits were wider once
        flash(str(error))
        return redirect(address_of(item, "versions.show", number=number))
    model, item_id = type(item), item.id
    begin_write()
    item, me = lock(model, item_id)
    require(item is not None and item.deleted_at is None and may_edit(viewer_of(me), item))
    is_new = versions.restore(item, fields, number, me)
    db.session.commit()
    flash(f"La version n° {number} est rétablie." if is_new else "Cette version est déjà la version actuelle.")
    return redirect(address_of(item))
