"""Writing the text of a document together: the form, and what becomes of texts that were put aside."""

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask_login import current_user
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import joinedload, selectinload

from app import differences, parts
from app.access import may_edit, may_write, require, viewer_of
from app.blueprints.publications.common import address_of, find, lock, require_slug
from app.blueprints.web import current_viewer, is_logged_in, paginate, require_token
from app.extensions import begin_write, db
from app.forms.cowriting import WritingForm, settling_form
from app.labels import SideReason
from app.markup import TextTooComplex, html_parts, render_parts
from app.models import Document, Group, Publication
from app.services import adopting, cowriting, revisions
from app.services.cowriting import Sent

bp = Blueprint("cowriting", __name__)

MOST = 16 * 2**20  # bytes: a text that is far too long is still shown again, with the sentence that says so
SETTLED = "Textes accordés"
TRIES = 2  # merges before the row is locked; the next one is made while others wait
OPTIONS = (joinedload(Publication.council), selectinload(Publication.groups).selectinload(Group.councils))
PATH = "/<any(documents):path>/<id:item_id>-<slug>"


@bp.before_request
def make_room():
    """Take in long texts, from those who have an account."""
    if request.method == "POST" and is_logged_in():
        request.max_form_memory_size = request.max_content_length = MOST


# The form ---------------------------------------------------------------------------------------------------------


@bp.route(f"{PATH}/ecrire", methods=["GET", "POST"])
def edit(path, item_id, slug):
    """Write the text, or one part of it."""
    form = WritingForm()
    item = _find(path, item_id)
    if item is None:
        return _lost([form.description.data])
    if request.method == "GET":
        require_slug(item, slug)
        if (item.is_draft or not item.is_collaborative) and may_edit(current_viewer(), item):
            return redirect(address_of(item, "editing.edit"))
        require(may_write(current_viewer(), item))
        _open(form, item)
        page, item_id, is_open = _page(form, item), item.id, adopting.standing(item) is None
        if is_open:
            _note_presence(item_id, form.title.data)
        return page
    return _take(form, item) or _page(form, item)


def _find(path, item_id):
    """Return the document of the address. None: who sends a text may not write it any more, and gets it back."""
    if request.method == "GET":
        return find(path, item_id, *OPTIONS)
    item = db.session.get(Document, item_id, options=OPTIONS)
    if item is not None and may_write(current_viewer(), item):
        return item
    require(is_logged_in())
    return None


def _lost(texts):
    """Give back what somebody wrote who may not write there any more."""
    return render_template("publications/cowriting/lost.html", texts=[text for text in texts if text]), 403


def _open(form, item):
    """Show the text, one part of it, or what its writer has previewed and not saved."""
    form.aside = cowriting.preview_of(item, current_user)
    if form.aside and "reprise" in request.args:
        side, form.aside = form.aside, None
        form.open(side.text, base=side.base_number, part=side.part, title=side.title)
        return
    (newest, text), number = cowriting.present(item), request.args.get("partie", type=int)
    if number is None:
        form.open(text, base=newest)
    else:
        every = parts.split(text)
        part = every[number] if 0 <= number < len(every) else abort(404)
        form.open(part.text.strip("\n"), base=newest, part=number, title=part.title)


def _note_presence(item_id, title):
    """Let others know who is writing; the page comes even if this cannot be noted."""
    try:
        begin_write()
        cowriting.arrive(item_id, current_user.id, title)
        db.session.commit()
    except OperationalError:
        db.session.rollback()


def _take(form, item):
    """Save what was sent, or show what it would look like; return where to go next, or nothing: the form comes back."""
    is_right = form.validate()
    if form.was_kept or form.csrf_token.errors or not is_right:
        return None
    try:
        if form.act.data == "preview":
            return _preview(form, item)
        return _save(_sent(form), item, form.side_id)
    except TextTooComplex as error:  # with what others have written
        form.description.errors = [str(error)]
        return None


def _sent(form):
    typed = (form.description.data, form.base_number, form.part_number, form.title.data, form.key.data)
    return Sent(*typed, comment=form.comment.data)


def _preview(form, item):
    sent = _sent(form)
    form.shown = html_parts(render_parts(sent.text))
    form.plan = cowriting.plan(item, sent)
    begin_write()
    cowriting.put_aside(item, sent, current_user, SideReason.PREVIEW)
    cowriting.arrive(item.id, current_user.id, sent.title)
    db.session.commit()


def _page(form, item):
    return render_template(
        "publications/cowriting/edit.html",
        form=form, item=item, adoption=adopting.standing(item), others=cowriting.others_writing(item, current_viewer()),
        shown=form.shown, plan=form.plan, aside=form.aside, parts=parts.split(item.description),
    ), *form.outcome  # fmt: skip


# Saving -----------------------------------------------------------------------------------------------------------


def _save(sent: Sent, item, side_id):
    """Save what was sent: merged with what others have saved meanwhile, or put aside. Raises `TextTooComplex`."""
    item_id, plan = item.id, cowriting.plan(item, sent)
    for tries in range(TRIES + 1):
        begin_write()
        item, me = lock(Document, item_id)
        if item is None or not may_write(viewer_of(me), item):
            db.session.rollback()
            return _lost([sent.text])
        if revisions.newest_number(item) == plan.newest:
            break
        if tries < TRIES:
            db.session.commit()
        plan = cowriting.plan(item, sent)
    return _carry_out(sent, plan, item, me, side_id)


def _carry_out(sent, plan, item, me, side_id):
    """Do what was planned, with the document locked and as it was then."""
    side = cowriting.side(item, side_id, viewer_of(me)) if side_id else None
    if cowriting.sent_before(item, sent):
        return _saved(item, me, side, None, "C’est déjà enregistré.")
    if adopting.standing(item):
        return _put_aside(item, sent, me, side, SideReason.ADOPTED)
    if not plan.merge.is_clean:
        return _put_aside(item, sent, me, side, SideReason.CONFLICT)
    if plan.text == item.description:
        return _saved(item, me, side, None, "Rien n’a changé : le texte était déjà ainsi.")
    done = {"comment": sent.comment, "key": sent.key, "sizes": plan.sizes}
    revision = cowriting.write(item, plan.text, plan.html, me, **done)
    number = revision.number
    if not plan.came_in:
        return _saved(item, me, side, number, f"C’est enregistré : version n° {number}.")
    words = f"C’est enregistré : version n° {number}. Votre texte est réuni avec ce que d’autres ont écrit entre-temps."
    is_kept = revisions.find(item, sent.base) is not None
    return _saved(item, me, side, number, words, since=(sent.base, plan.newest) if is_kept else None)


def _saved(item, me, side, number, words, since=None):
    cowriting.drop_preview(item, me)
    cowriting.leave(item, me)
    if side is not None:
        cowriting.close(side, me, number or revisions.newest_number(item))
    db.session.commit()
    flash(words)
    if since:
        flash("Voici ce que les autres ont changé pendant que vous écriviez.")
        return redirect(address_of(item, "versions.compare", de=since[0], a=since[1]))
    return redirect(address_of(item))


def _put_aside(item, sent, me, former, reason):
    """Keep what cannot be saved as it is, and let its writer settle it. What it was to settle itself is settled."""
    side = cowriting.put_aside(item, sent, me, reason)
    if former is not None and former.id != side.id:
        cowriting.close(former, me)
    cowriting.drop_preview(item, me)
    db.session.commit()
    return _settling_page(item, side, status=409)


# Texts put aside --------------------------------------------------------------------------------------------------


@bp.get(f"{PATH}/a-part")
def index(path, item_id, slug):
    """List the texts that were put aside: those that wait, and those that were settled or dismissed of late."""
    item = find(path, item_id, *OPTIONS)
    require(may_write(current_viewer(), item))
    require_slug(item, slug)
    waiting = list(db.session.scalars(cowriting.sides(item, current_viewer())))
    page = paginate(cowriting.sides(item, current_viewer(), is_open=False), per_page=20)
    return render_template("publications/cowriting/index.html", item=item, waiting=waiting, page=page)


@bp.route(f"{PATH}/a-part/<id:side_id>", methods=["GET", "POST"])
def settle(path, item_id, slug, side_id):
    """Choose, for each place that two have written, what is kept."""
    item = _find(path, item_id)
    if item is None:
        return _lost(text for name, text in request.form.items() if name.startswith("own_"))
    require(may_write(current_viewer(), item))
    side = cowriting.side(item, side_id, current_viewer()) or abort(404)
    if request.method == "GET":
        require_slug(item, slug)
        return _settling_page(item, side)
    return _settle(item, side)


def _settle(item, side):
    newest = request.form.get("newest", type=int) or 0
    merge = cowriting.merged_with(item, cowriting.as_sent(side), newest)
    form = settling_form(_owns(merge), newest)
    if not form.validate_on_submit():
        return _settling_page(item, side, merge, form)
    text = cowriting.settled(merge, form.answers)
    try:
        return _save(Sent(text, newest, None, "", side.key, SETTLED), item, side.id)
    except TextTooComplex as error:
        form.refuse(str(error))
        return _settling_page(item, side, merge, form)


def _settling_page(item, side, merge=None, form=None, status=200):
    """Show the places that two have written, beside each other; with the whole text, for whoever prefers that."""
    if form is None:
        newest = revisions.newest_number(item)
        merge = cowriting.merged_with(item, cowriting.as_sent(side), newest)
        form = settling_form(_owns(merge), newest, formdata=None)
    whole = WritingForm(formdata=None)
    whole.open(cowriting.all_of(merge), base=form.number, side=side.id)
    page = render_template(
        "publications/cowriting/settle.html",
        item=item, side=side, merge=merge, form=form, whole=whole, adoption=adopting.standing(item),
        names=cowriting.others_since(item, side),
        places=[(*fields, *_beside(merge, number)) for number, fields in enumerate(form.places)],
    )  # fmt: skip
    return (page, status) if not form.errors else (page, *form.outcome)


@bp.post(f"{PATH}/a-part/<id:side_id>/etat")
def close(path, item_id, slug, side_id):
    """Dismiss a text put aside, or take that back; what somebody has only previewed is forgotten."""
    item = find(path, item_id, *OPTIONS)
    require(may_write(current_viewer(), item))
    require_token()
    begin_write()
    item, me = lock(Document, item_id)
    require(item is not None and may_write(viewer_of(me), item))
    side = cowriting.side(item, side_id, viewer_of(me)) or abort(404)
    place, words = _turn(item, side, me)
    db.session.commit()
    flash(words)
    return redirect(place)


def _turn(item, side, me):
    if side.reason == SideReason.PREVIEW:
        cowriting.drop_preview(item, me)
        return address_of(item), "L’aperçu est oublié."
    if request.form.get("act") == "open":
        cowriting.reopen(side)
        return address_of(item, "cowriting.settle", side_id=side.id), "Ce texte attend de nouveau d’être accordé."
    cowriting.close(side, me)
    return address_of(item, "cowriting.index"), "Ce texte est laissé de côté. Il reste ici trente jours."


def _owns(merge):
    return ["\n".join(conflict.mine) for conflict in merge.conflicts]


def _beside(merge, number):
    """Return what the page shows of a conflict: both texts as one, marked; and each of them, with where it stands."""
    conflict = merge.conflicts[number]
    mine, theirs = "\n".join(conflict.mine), "\n".join(conflict.theirs)
    place = {"mine": mine, "theirs": theirs, "title": cowriting.title_at(merge, number)}
    return differences.compare(theirs, mine), place
