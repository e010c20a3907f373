"""Writing what a council shares: new, changed, seen before it is published."""

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.access import may_edit, may_share, require, viewer_of
from app.blueprints.publications import saving, uploads
from app.blueprints.publications.common import MODELS, address_of, find_own, lock, require_slug
from app.blueprints.web import current_viewer, require_token
from app.extensions import begin_write, db
from app.forms.actions import ActionForm
from app.forms.documents import DocumentForm
from app.forms.events import EventForm
from app.forms.publications import date_in
from app.jobs.contents import delete_unused
from app.labels import KIND_PATHS, Visibility
from app.localtime import zone_of
from app.markup import TextTooComplex
from app.models import Action, Council, Document, Event, Publication
from app.models.territory import department_code
from app.notifications.publications import deadline
from app.services import adopting, attachments, attendance, minutes, publishing, reaching, revisions, starters, writing

bp = Blueprint("editing", __name__)

FORMS = {Document: DocumentForm, Action: ActionForm, Event: EventForm}

OPTIONS = (
    joinedload(Publication.council).selectinload(Council.territories),
    joinedload(Publication.author), joinedload(Publication.folder),
    selectinload(Publication.themes), selectinload(Publication.groups),
)  # fmt: skip


@bp.route("/mon-conseil/<kind:path>/nouveau", methods=["GET", "POST"])
def new(path):
    """Write something new. A form that is sent again changes what it has made."""
    kind = KIND_PATHS[path]
    require(may_share(current_viewer(), kind))
    model = MODELS[kind]
    starter = _starter(model) if request.method == "GET" else None
    return _write(model, _made_by(model, request.form.get("key", "")), is_new=True, starter=starter)


def _starter(model):
    """Return the text to start from that the address asks for; there are some for documents."""
    name = request.args.get("modele")
    if name is None:
        return None
    return starters.find(name) if model is Document and starters.find(name) else abort(404)


def _made_by(model, key):
    """Return what the form with this key has made already, as far as its author may still change it."""
    if not (key.isalnum() and key.isascii()):
        return None
    made = select(model).where(model.key == key, model.author_id == current_user.id)
    item = db.session.scalar(made.options(*OPTIONS))
    return item if item and may_edit(current_viewer(), item) else None


@bp.route("/<kind:path>/<id:item_id>-<slug>/modifier", methods=["GET", "POST"])
def edit(path, item_id, slug):
    """Change a draft, or something published."""
    item = find_own(path, item_id, *OPTIONS)
    if request.method == "GET":
        require_slug(item, slug)
    return _write(type(item), item)


@bp.route("/<kind:path>/<id:item_id>-<slug>/modifier/oubli", methods=["POST"])
def forget(path, item_id, slug):
    """Forget a change that was begun and not saved, with the files that came for it."""
    model = type(find_own(path, item_id))
    require_token()
    begin_write()
    item, me = lock(model, item_id)
    require(item is not None and may_edit(viewer_of(me), item))
    waits = minutes.only_previewed(item, me)
    revisions.drop_unsaved(item, me)
    if waits:
        db.session.flush()
        minutes.set_aside(item, waits["minutes"], me)
    digests = attachments.erase(attachments.waiting(item, me))
    db.session.commit()
    delete_unused(digests)
    flash("La modification commencée est oubliée.")
    return redirect(address_of(item, "editing.edit"))


# The form ---------------------------------------------------------------------------------------------------------


def _write(model, item, *, is_new=False, starter=None):
    """Show the form, or do what was asked with it. `starter`: what a new document starts from."""
    form = _form(model, item, starter)
    if request.method == "POST" and (answer := _take(form, model, item, is_new)):
        return answer
    return _page(form, model, item, is_new, starter)


def _form(model, item, starter):
    council = item.council if item else current_user.council
    places = [] if council else current_user.territories
    aside = revisions.unsaved(item, current_user) if item and writing.is_out(item) else None
    is_resumed = aside is not None and request.method == "GET" and not {"apercu", "reprise"}.isdisjoint(request.args)
    zone = council.zone if council else _zone_of(places, item)
    choices = {"themes": publishing.themes(), "folders": [], "groups": []}
    if council:
        groups = publishing.groups_of(council.id, kept=publishing.groups_kept(item))
        choices |= {"folders": publishing.folders_of(council.id), "groups": groups}
    begun = aside.content if is_resumed else _begun(item, starter, choices["groups"])
    form = FORMS[model](item, zone=zone, content=begun)
    form.arrange(council_id=council.id if council else None, **choices)
    if council is None:
        form.place_in(places)
        form.new_folder.data = ""
        if item is None and request.method == "GET":
            form.organiser.data = current_user.organisation
    is_own_draft = item is not None and not writing.is_out(item) and request.method == "GET"
    uploads.offer(form, item, is_resumed=is_resumed or is_own_draft)
    form.aside, form.is_resumed = aside, is_resumed
    return form


def _zone_of(places, item):
    """Return the time zone of an event of no council: that of the territory that is chosen for it."""
    chosen = request.form.get("territory", type=int) or (item.territory_id if item else 0)
    place = next((place for place in places if place.id == chosen), places[0] if places else None)
    return zone_of(department_code(place) if place else None)


def _begun(item, starter, groups):
    """Return what the form shows beside what is saved: the text to start from and the group to share it with, or the
    date of publication that was typed before a preview, which promised nothing yet."""
    if item is None or writing.is_out(item):
        asked = [group.id for group in groups if item is None and group.slug == request.args.get("groupe")]
        return (starter.fields if starter else {}) | ({"level": Visibility.GROUPS, "groups": asked} if asked else {})
    return date_in(request.args)


def _take(form, model, item, is_new):
    """Do what was asked; return where to go next, or nothing when the form comes back."""
    is_right = form.validate()
    if form.was_kept or form.csrf_token.errors:
        return None  # whoever sent this is perhaps not the person who is logged in
    incoming = uploads.read(form)
    item_id = item.id if item else None
    if is_right and not form.errors:
        return saving.save(form, model, item_id, incoming, is_new=is_new)
    saving.hold(form, model, item_id, incoming)
    return None


def _page(form, model, item, is_new, starter):
    kind = model.__mapper__.polymorphic_identity
    every = [choice.value for choice in form.groups.choices]
    ticked = [value for value in every if value in (form.groups.data or ())]
    for_whom = {"territory_id": form.territory.data or None} if "territory" in form else {}
    reach = reaching.reach(kind, current_user, ticked or every, item=item, title=form.title.data or "", **for_whom)
    is_preview = item is not None and request.method == "GET" and "apercu" in request.args
    shown = _preview(form, item) if is_preview else None
    return render_template(
        "publications/editing/edit.html",
        form=form, kind=kind, item=item, is_new=is_new, reach=reach,
        first_served=attendance.first_served(item),
        shown=shown, until=deadline(shown) if isinstance(shown, Event) else "",
        files=[entry.attachment for entry in form.entries], starter=starter,
        adoption=adopting.standing(item) if item and writing.is_written_apart(item) else None,
        starters=starters.ALL if model is Document and is_new and request.method == "GET" else (),
        council=item.council if item else current_user.council,
    ), *form.outcome  # fmt: skip


def _preview(form, item):
    """Return the item as readers would see it. What is tried on something published is never written to its row."""
    if not form.is_resumed:
        return item
    try:
        fields = publishing.rendered(type(item), form.fields)
    except TextTooComplex:
        return None
    db.session.expunge(item)
    for name, value in fields.items():
        setattr(item, name, value)
    return item
