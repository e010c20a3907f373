"""The former states of what a council shares."""

from flask import Blueprint, abort, flash, redirect, render_template, request
from sqlalchemy.orm import joinedload

from app.access import may_adopt, may_edit, may_see_versions, may_write, require, viewer_of
from app.blueprints.publications.common import address_of, find, lock, require_slug
from app.blueprints.web import ListPagination, current_viewer, paginate
from app.extensions import begin_write, db
from app.forms.versions import ComparingForm, RestoringForm
from app.markup import TextTooComplex
from app.models import Publication
from app.services import adopting, publishing, revisions, versions

bp = Blueprint("versions", __name__)

UNKNOWN = "La version n° {} n’existe pas, ou n’est plus gardée : choisissez-en une dans la liste."
CLOSED = "Une version de ce texte est adoptée : personne ne peut le changer. Rouvrez-le d’abord."
MEANWHILE = (
    "Le texte a changé pendant que vous lisiez : regardez ce qui est arrivé. Si vous voulez toujours revenir à la "
    "version n° {}, appuyez encore une fois sur le bouton."
)
OTHER_WAY = (
    "Entre-temps, on a choisi d’écrire ce texte autrement : à plusieurs, ou seul. Si vous voulez toujours revenir à la "
    "version n° {}, appuyez encore une fois sur le bouton."
)
PRESENT = "Cette version est déjà la version actuelle."


def _find(path, item_id, slug):
    """Return the publication of the address, for those who see its versions."""
    item = find(path, item_id, joinedload(Publication.author))
    require(may_see_versions(current_viewer(), item))
    require_slug(item, slug)
    return item


@bp.get("/<kind:path>/<id:item_id>-<slug>/versions")
def index(path, item_id, slug):
    """List the versions."""
    item = _find(path, item_id, slug)
    page = paginate(revisions.saved(item), per_page=revisions.LISTED)
    adoptions = adopting.history(item) if item.is_collaborative else []
    viewer = current_viewer()
    newest = page.items[0].number if page.page == 1 and page.items else revisions.newest_number(item)
    return render_template(
        "publications/versions/index.html", item=item, page=page, sized=revisions.with_sizes(item, page.items),
        adoptions=adoptions, standing=next((one for one in adoptions if not one.lifted_at), None),
        may_adopt=may_adopt(viewer, item), form=_two_newest(item, newest),
        waiting=versions.waiting(item, viewer) if may_write(viewer, item) else None,
    )  # fmt: skip


def _two_newest(item, newest):
    """Return the form that compares two versions, with the last change in it; None where there is but one."""
    former = revisions.before(item, newest) if newest else None
    return ComparingForm(formdata=None, data={"de": str(former.number), "a": str(newest)}) if former else None


@bp.get("/<kind:path>/<id:item_id>-<slug>/versions/comparer")
def compare(path, item_id, slug):
    """Show what changed from one version (« de ») to another (« a »), in the order in which they were saved."""
    item = _find(path, item_id, slug)
    if not request.args.keys() & {"de", "a"}:
        form = _two_newest(item, revisions.newest_number(item)) or ComparingForm(formdata=None)
        return render_template("publications/versions/compare.html", item=item, form=form, pair=None)
    form = ComparingForm(formdata=request.args)
    pair = _pair(item, form) if form.validate() else ()
    if form.errors:
        return render_template("publications/versions/compare.html", item=item, form=form, pair=None), *form.outcome
    older, newer = pair
    page = ListPagination(versions.comparison_pages(revisions.changes(older.content, newer.content)), per_page=1)
    return render_template(
        "publications/versions/compare.html", item=item, form=form, pair=pair, page=page,
        former=revisions.before(item, older.number), following=revisions.after(item, newer.number),
    )  # fmt: skip


def _pair(item, form):
    """Return the two versions, the older one first; what is not there is an error of its field."""
    found = []
    for field in (form.de, form.a):
        revision = revisions.find(item, int(field.data))
        if revision is None:
            field.errors = [UNKNOWN.format(int(field.data))]
        found.append(revision)
    return sorted(found, key=lambda revision: revision.number) if all(found) else ()


@bp.get("/<kind:path>/<id:item_id>-<slug>/versions/auteurs")
def authors(path, item_id, slug):
    """Show who brought each paragraph of the present text of a collaborative document."""
    item = _find(path, item_id, slug)
    if not item.is_collaborative:
        abort(404)
    page = ListPagination(versions.paragraph_pages(item), per_page=1)
    known = versions.brought(item, page.items[0])
    runs = versions.runs(page.items[0], known)
    return render_template("publications/versions/authors.html", item=item, page=page, runs=runs)


@bp.get("/<kind:path>/<id:item_id>-<slug>/versions/<id:number>")
def show(path, item_id, slug, number):
    """Show one version: whole, or what it changed, or how it differs from the present one."""
    item = _find(path, item_id, slug)
    revision = revisions.find(item, number)
    if revision is None:
        return _missing(item, number)
    look = request.args.get("voir", "")
    compared = revisions.compared(item, revision, look)
    page = None
    if compared is not None:
        page = ListPagination(versions.comparison_pages(compared), per_page=1)
    elif item.is_collaborative:
        page = ListPagination(versions.text_pages(revision.text), per_page=1)
    newest = revisions.newest_number(item)
    return render_template(
        "publications/versions/show.html", item=item, revision=revision, page=page, look=look,
        compared=page.items[0] if compared is not None else None,
        html=_html(item, page.items[0]) if compared is None and item.is_collaborative else None,
        shown=_shown(item, revision) if page is None else None, texts=revisions.in_words(revision.content),
        is_newest=number == newest, standing=adopting.standing(item) if item.is_collaborative else None,
        form=_restoring(item, newest),
    )  # fmt: skip


def _missing(item, number):
    """Return the page of a number that leads nowhere, which says where to go on."""
    return render_template("publications/versions/missing.html", item=item, sentence=UNKNOWN.format(number)), 404


def _html(item, page):
    try:
        return versions.render_page(item, page)
    except TextTooComplex:  # the limits were wider once
        return None


def _restoring(item, newest):
    """Return the form that brings a version back; None for those who may not."""
    return RestoringForm(formdata=None, data={"newest": newest}) if _may_restore(current_viewer(), item) else None


def _may_restore(viewer, item):
    return may_write(viewer, item) if item.is_collaborative else may_edit(viewer, item)


def _shown(item, revision):
    """Return a version as its readers saw it; None when it can no longer be laid out."""
    try:
        return type(item)(**versions.fields_of(item, revision))  # in no session: nothing writes it
    except TextTooComplex:  # the limits were wider once
        return None


@bp.post("/<kind:path>/<id:item_id>-<slug>/versions/<id:number>/retour")
def restore(path, item_id, slug, number):
    """Make a former text the present one, as a new version; who may read it does not change."""
    item = find(path, item_id)
    require(_may_restore(current_viewer(), item))
    revision = revisions.find(item, number)
    if revision is None:
        return _missing(item, number)
    form = RestoringForm()
    if not form.validate():
        newest = form.newest.data = revisions.newest_number(item)
        return _ask_again(item, form, number, newest, newest)
    try:
        former = versions.former(item, revision)
    except TextTooComplex as error:  # the limits were wider once
        flash(str(error))
        return redirect(address_of(item, "versions.show", number=number))
    model, item_id = type(item), item.id
    begin_write()
    item, me = lock(model, item_id)
    require(item is not None and item.deleted_at is None and _may_restore(viewer_of(me), item))
    return _take(form, item, me, former)


def _take(form, item, me, former):
    """Save the former text, or say why not: never over what somebody saved unseen."""
    opened, newest = form.newest.data or "", revisions.newest_number(item)
    is_same_kind = item.is_collaborative == former.is_collaborative
    if item.is_collaborative and adopting.standing(item):
        flash(CLOSED)
    elif is_same_kind and not publishing.differs(item, former.fields):
        flash(PRESENT)
    elif opened != str(newest) or not is_same_kind:
        db.session.commit()
        form.refuse((MEANWHILE if is_same_kind else OTHER_WAY).format(former.number))
        form.newest.data = newest
        seen = int(opened) if opened.isdecimal() and len(opened) < 10 else newest
        return _ask_again(item, form, former.number, seen, newest)
    else:
        versions.restore(item, former, me)
        flash(f"La version n° {former.number} est rétablie.")
    db.session.commit()
    return redirect(address_of(item))


def _ask_again(item, form, number, seen, newest):
    """Return the page that asks once more. `seen`: the version that was the present one when they decided."""
    page = {"item": item, "number": number, "form": form, "seen": seen, "newest": newest}
    return render_template("publications/versions/restore.html", **page), *form.outcome
