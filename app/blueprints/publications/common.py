"""What the pages of publications share: finding the row that an address names, and its address."""

from flask import abort, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.exceptions import NotFound

from app.access import Viewer, discarded, get_readable_or_404, may_edit, may_share, require
from app.blueprints.web import current_viewer, lock_writer
from app.extensions import db
from app.labels import KIND_PATHS
from app.models import Attachment, Publication, User
from app.services.publishing import MODELS


def find(path: str, item_id: int, *options) -> Publication:
    """Return the publication of an address, loaded with `options`, when the viewer may read it; otherwise 404, which
    tells those who see it in the bin that it is there."""
    viewer = current_viewer()
    try:
        return get_readable_or_404(MODELS[KIND_PATHS[path]], viewer, *options, id=item_id)
    except NotFound:
        item = in_bin(item_id, viewer)
        if item is None or item.path != path:
            raise
        abort(make_response(render_template("publications/bin/found.html", item=item), 404))


def find_own(path: str, item_id: int, *options) -> Publication:
    """As `find`, for what the viewer may change: others are refused with 403. What somebody sends is not lost because
    the publication went into the bin meanwhile: look at `deleted_at`."""
    viewer, model = current_viewer(), MODELS[KIND_PATHS[path]]
    require(may_share(viewer, KIND_PATHS[path]))
    if request.method == "POST":
        item = db.session.scalar(select(model).where(model.id == item_id).options(*options))
        if item is not None and may_edit(viewer, item):
            return item
    item = find(path, item_id, *options)
    require(may_edit(viewer, item))
    return item


def in_bin(item_id: int, viewer: Viewer) -> Publication | None:
    """Return a publication that `viewer` sees in the bin of their council."""
    return db.session.scalar(select(Publication).where(Publication.id == item_id, discarded(viewer)))


def lock(model: type[Publication | Attachment], row_id: int) -> tuple[Publication | Attachment | None, User]:
    """Return a row that is going to change, and who changes it, both locked and as they are at this instant; their
    council is locked before the row.

    Call it in a write transaction, then look at the rights again: they may be gone. None: the row is.
    """
    me = lock_writer()
    table = Publication if issubclass(model, Publication) else model
    locked = select(model).with_for_update(of=table, key_share=True).execution_options(populate_existing=True)
    return db.session.scalar(locked.where(model.id == row_id)), me


def require_slug(publication: Publication, slug: str) -> None:
    """Send whoever comes by a former title to the present address."""
    if slug != publication.slug:
        address = url_for(request.endpoint, **request.view_args | {"slug": publication.slug})
        asked = request.query_string.decode("ascii", "ignore")
        abort(redirect(f"{address}?{asked}" if asked else address, 301))


def address_of(publication: Publication, view: str = "items.show", **values) -> str:
    """Return the address of a page about a publication: `view` is an endpoint of this blueprint."""
    place = {"path": publication.path, "item_id": publication.id, "slug": publication.slug}
    return url_for(f"publications.{view}", **place, **values)
