"""Noting that a council has adopted a text which several people write, and opening it again."""

from flask import Blueprint, flash, redirect, render_template
from sqlalchemy.orm import joinedload

from app.access import may_adopt, require, viewer_of
from app.blueprints.publications.common import address_of, find, lock, require_slug
from app.blueprints.web import current_viewer
from app.extensions import begin_write, db
from app.forms.versions import AdoptingForm, ReopeningForm
from app.localtime import clock
from app.models import Publication
from app.models.types import utcnow
from app.services import adopting, cowriting, revisions, versions
from app.templating import day

bp = Blueprint("adopting", __name__)

ADOPTION = "/<any(documents):path>/<id:item_id>-<slug>/versions/adoption"
ALREADY = "Une version est déjà adoptée : la voici dans la liste. Rouvrez d’abord le texte pour en adopter une autre."
OPEN = "Ce texte est déjà ouvert : on peut l’écrire."
MEANWHILE = (
    "Le texte a changé pendant que cette page était ouverte : relisez ce qui a changé, en bas de cette page. Si c’est "
    "bien ce texte qui est adopté, appuyez encore une fois sur le bouton."
)
EMPTY = "Ce texte est vide : il n’y a rien à adopter."
MOST_BLANKS = 3  # shown of what is to be filled in
OTHER = "Une autre adoption a été notée entre-temps : la voici. Appuyez encore une fois pour rouvrir le texte."


def _find(path, item_id, slug):
    """Return the document of the address, for those who note what the council has decided."""
    item = find(path, item_id, joinedload(Publication.council), joinedload(Publication.author))
    require(may_adopt(current_viewer(), item))
    require_slug(item, slug)
    return item


def _lock(item):
    """Begin a write; return the document and who asks, both locked."""
    model, item_id = type(item), item.id
    begin_write()
    item, me = lock(model, item_id)
    require(item is not None and may_adopt(viewer_of(me), item))
    return item, me


@bp.route(ADOPTION, methods=["GET", "POST"])
def adopt(path, item_id, slug):
    """Note the day on which the council adopted the present version."""
    item = _find(path, item_id, slug)
    newest = revisions.newest_number(item)
    if newest is None or adopting.standing(item):
        flash(ALREADY if newest else "Les versions sont gardées à partir de la publication.")
        return redirect(address_of(item, "versions.index"))
    today = clock(item.zone, utcnow()).date()
    form = AdoptingForm(today=today, data={"number": newest, "adopted_on": today})
    if form.validate_on_submit() and _take(item, form):
        return redirect(address_of(item, "versions.index"))
    page = {"changed": _changed(item, form), "newest": revisions.newest(item), "start": _start(form)}
    form.number.data = page["newest"].number
    return render_template(
        "publications/adopting/adopt.html", item=item, form=form, **page, **_unfinished(item)
    ), *form.outcome


def _unfinished(item):
    """Return what tells that a text may not be finished: who is at it, what waits, what is to be filled in."""
    viewer, blanks = current_viewer(), adopting.blanks(item.description)
    return {
        "others": cowriting.others_writing(item, viewer),
        "waiting": cowriting.count_sides(item, viewer),
        "blanks": blanks[:MOST_BLANKS],
        "more_blanks": len(blanks) > MOST_BLANKS,
    }


def _take(item, form):
    """Note the adoption, or that one stands already; return False when the text is not the one that was read."""
    item, me = _lock(item)
    newest = revisions.newest_number(item)
    if adopting.standing(item) is None and form.number.data != str(newest):
        form.refuse(MEANWHILE)
        db.session.commit()
        return False
    if not item.description.strip():
        form.refuse(EMPTY)
        db.session.commit()
        return False
    is_new = adopting.adopt(item, newest, form.adopted_on.data, me)
    db.session.commit()
    flash(f"Version n° {newest} adoptée le {day(form.adopted_on.data)} : c’est noté." if is_new else ALREADY)
    return True


def _start(form):
    """Return the number of the version that was read, as far as it is one."""
    said = str(form.number.data or "")
    return int(said) if said.isdecimal() and said.isascii() and len(said) < 10 else 0


def _changed(item, form):
    """Return what changed since the version that was read: the first page of it; None when nothing was saved."""
    newest, read = revisions.newest(item), revisions.find(item, _start(form))
    if not form.is_submitted() or str(form.number.data) == str(newest.number) or read is None:
        return None
    return versions.comparison_pages(revisions.changes(read.content, newest.content))[0]


@bp.route(f"{ADOPTION}/levee", methods=["GET", "POST"])
def lift(path, item_id, slug):
    """Open the text again, which stays on record."""
    item = _find(path, item_id, slug)
    adoption = adopting.standing(item)
    form = ReopeningForm(data={"adoption": adoption.id if adoption else ""})
    if adoption and form.validate_on_submit():
        item, me = _lock(item)
        adoption = adopting.standing(item)
        if adoption and form.adoption.data == str(adoption.id):
            adopting.lift(item, adoption, me)
            db.session.commit()
            flash("Le texte est rouvert : on peut de nouveau l’écrire.")
            return redirect(address_of(item, "versions.index"))
        form.refuse(OTHER)
        db.session.commit()
    if adoption is None:
        flash(OPEN)
        return redirect(address_of(item, "versions.index"))
    form.adoption.data = adoption.id
    return render_template("publications/adopting/lift.html", item=item, form=form, adoption=adoption), *form.outcome
