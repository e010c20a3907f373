"""What the pages of publications share: finding the row that an address names, and its address."""

from flask import abort, redirect, request, url_for

from app.access import get_readable_or_404
from app.blueprints.web import current_viewer
from app.labels import KIND_PATHS, PublicationKind
from app.models import Action, Document, Event, Publication

MODELS = {PublicationKind.DOCUMENT: Document, PublicationKind.ACTION: Action, PublicationKind.EVENT: Event}


def find(path: str, item_id: int, *options) -> Publication:
    """Return the publication of an address, loaded with `options`, when the viewer may read it; otherwise 404."""
    return get_readable_or_404(MODELS[KIND_PATHS[path]], current_viewer(), *options, id=item_id)


def require_slug(publication: Publication, slug: str) -> None:
    """Send whoever comes by a former title to the present address."""
    if slug != publication.slug:
        values = dict(request.view_args, slug=publication.slug, **request.args.to_dict())
        abort(redirect(url_for(request.endpoint, **values), 301))


def address_of(publication: Publication, view: str = "items.show", **values) -> str:
    """Return the address of a page about a publication: `view` is an endpoint of this blueprint."""
    place = {"path": publication.path, "item_id": publication.id, "slug": publication.slug}
    return url_for(f"publications.{view}", **place, **values)
