"""Writing the text of a document together: the form, and what becomes of texts that were put aside."""

from threading import Lock

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask_login import current_user
from sqlalchemy.orm import joinedload, selectinload

from app import differences, parts
from app.access import may_adopt, may_edit, may_write, require, viewer_of
from app.blueprints.publications.common import address_of, find, lock, require_slug
from app.blueprints.web import current_viewer, is_logged_in, lost, note, paginate, require_token
from app.extensions import begin_write, db
from app.forms.cowriting import WritingForm, read_number, settling_form
from app.labels import SideOutcome, SideReason
from app.markup import TextTooComplex, check_parts, html_parts, render_parts
from app.models import Document, Group, Publication
from app.services import adopting, cowriting, revisions
from app.services.cowriting import Sent
from app.templating import of_person

bp = Blueprint("cowriting", __name__)

MOST = 16 * 2**20  # bytes: a text that is far too long is still shown again, with the sentence that says so
SETTLED = "Choix entre deux textes"
MOST_SHOWN = 20_000  # characters of the whole text on the page that settles; a longer one has a page of its own
MOST_MARKED = 4_000  # characters of two texts whose words that differ are shown
TRIES = 2  # merges before the row is locked; the next one is made while others wait
LOST = (
    "Depuis que vous avez ouvert cette page, le document a été supprimé, masqué ou réservé à d’autres personnes, ou "
    "bien il n’est plus collaboratif."
)
OPTIONS = (joinedload(Publication.council), selectinload(Publication.groups).selectinload(Group.councils))
TURNS = [Lock() for _ in range(64)]  # of documents, by their ids
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
            note(cowriting.arrive, item_id, current_user.id, form.title.data)  # others know who is writing
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
    return lost("Vous ne pouvez plus écrire dans ce document", LOST, texts), 403


def _open(form, item):
    """Show the text, one part of it, or what its writer has previewed and not saved."""
    form.asides = cowriting.previews_of(item, current_user)
    asked = read_number(request.args.get("reprise", ""))
    if side := next((side for side in form.asides if side.id == asked), None):
        form.asides.remove(side)
        form.open(side.text, base=side.base_number, part=side.part, title=side.title, side=side.settles_id)
        return
    (newest, text), number = cowriting.present(item), request.args.get("partie", type=int)
    if number is None:
        form.open(text, base=newest)
    else:
        every = parts.split(text)
        part = every[number] if 0 <= number < len(every) else abort(404)
        form.open(part.text.strip("\n"), base=newest, part=number, title=part.title)


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
    item_id, sent = item.id, _sent(form)
    form.shown = html_parts(render_parts(sent.text))
    form.plan = cowriting.plan(item, sent)
    begin_write()
    item, me = lock(Document, item_id)
    if item is None or not may_write(viewer_of(me), item):
        db.session.rollback()
        return _lost([sent.text])
    settles = _settled_by(form.side_id, item, me)
    cowriting.put_aside(item, sent, me, SideReason.PREVIEW, settles)
    cowriting.arrive(item_id, me.id, sent.title)
    db.session.commit()
    return None


def _settled_by(side_id, item, me):
    return cowriting.side(item, side_id, viewer_of(me)) if side_id else None


def _page(form, item):
    return render_template(
        "publications/cowriting/edit.html",
        form=form, item=item, adoption=adopting.standing(item), others=cowriting.others_writing(item, current_viewer()),
        shown=form.shown, plan=form.plan, parts=parts.split(item.description),
        may_adopt=may_adopt(current_viewer(), item),
    ), *form.outcome  # fmt: skip


# Saving -----------------------------------------------------------------------------------------------------------


def _save(sent: Sent, item, side_id):
    """Save what was sent: merged with what others have saved meanwhile, or put aside. Raises `TextTooComplex`.

    Those who save one document at once take turns before they merge, or most of their merges would be out of date when
    the row is theirs. It spares work and no more: other processes know nothing of these turns.
    """
    item_id = item.id
    with TURNS[item_id % len(TURNS)]:
        db.session.commit()  # what was saved while this one waited is seen
        return _save_in_turn(sent, db.session.get(Document, item_id), item_id, side_id)


def _save_in_turn(sent, item, item_id, side_id):
    if item is None:
        return _lost([sent.text])
    plan = cowriting.plan(item, sent)
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
    side = _settled_by(side_id, item, me)
    by_another = _settled_meanwhile(side, me)
    if number := cowriting.sent_before(item, sent):
        return _saved_before(sent, item, me, side, number, by_another)
    if adopting.standing(item):
        return _put_aside(item, sent, me, side, SideReason.ADOPTED)
    if not plan.merge.is_clean:
        return _put_aside(item, sent, me, side, SideReason.CONFLICT)
    if plan.text == item.description:
        return _unchanged(sent, item, me, side, by_another)
    done = {"comment": sent.comment, "key": sent.key, "sizes": plan.sizes}
    number = cowriting.write(item, plan.text, plan.html, me, **done).number
    _let_go(item, me, sent, side, SideOutcome.SAVED, number)
    words, since = f"C’est enregistré : version n° {number}.", None
    if plan.came_in:
        words += _united(cowriting.others_since(item, sent.base, me.id))
        since = (sent.base, plan.newest) if revisions.find(item, sent.base) else None
    return _gone_on(item, words, by_another, since=since)


def _united(names):
    """Say with whose texts one is merged. `names`: as `others_since` gives them."""
    if names is None:
        return " Le texte avait changé pendant ce temps : les deux sont réunis."
    if len(names) == 1:
        return f" {names[0]} a aussi écrit pendant ce temps : les deux textes sont réunis."
    people = " et ".join(filter(None, (", ".join(names[:-1]), *names[-1:]))) or "D’autres"
    return f" {people} ont aussi écrit pendant ce temps : les textes sont réunis."


def _saved_before(sent, item, me, side, number, by_another):
    """Say in which version it is, and whether that is still what the document says."""
    newest = revisions.newest_number(item)
    _let_go(item, me, sent, side, SideOutcome.SAVED, number)
    if newest == number:
        return _gone_on(item, by_another or f"C’est déjà enregistré : version n° {number}.")
    is_mine = cowriting.others_since(item, number, me.id) is None
    words = f"C’était déjà enregistré : version n° {number}. "
    words += "Vous avez écrit autre chose depuis." if is_mine else "D’autres ont écrit depuis."
    return _gone_on(item, words, since=None if is_mine else (number, newest))


def _unchanged(sent, item, me, side, by_another):
    """Say that the text stays as it is; of two texts, the one that is saved."""
    _let_go(item, me, sent, side, SideOutcome.KEPT)
    if side is None:
        return _gone_on(item, "Rien n’a changé : le texte était déjà ainsi.")
    kept = "C’est réglé : le texte déjà enregistré est gardé. L’autre reste trente jours dans « Textes en attente »."
    return _gone_on(item, by_another or kept)


def _let_go(item, me, sent, side, outcome, number=None):
    """Note that somebody has done with what they sent, and with what that was to settle."""
    cowriting.drop_preview(item, me, sent, side.id if side else None)
    cowriting.leave(item, me)
    if side is not None:
        cowriting.close(side, me, outcome, number)


def _gone_on(item, *words, since=None):
    """End the transaction; say what was done, and lead to the document, which shows where to see what has changed from
    one version to another."""
    db.session.commit()
    for sentence in filter(None, words):
        flash(sentence)
    if since:
        return redirect(address_of(item, depuis=since[0], jusque=since[1]))
    return redirect(address_of(item))


def _settled_meanwhile(side, me):
    """Return the sentence about a text put aside that somebody else has settled; nothing when it waits."""
    if side is None or side.outcome in (None, SideOutcome.DISMISSED) or side.closed_by_id == me.id:
        return ""
    return _told(side)


def _told(side):
    """Say who has settled a text put aside, and how."""
    name = side.closed_by.name if side.closed_by else "un ancien membre"
    if side.outcome == SideOutcome.SAVED:
        return f"Ce texte a été réglé entre-temps par {name} : version n° {side.settled_number}."
    if side.outcome == SideOutcome.KEPT:
        return f"Ce texte a été réglé entre-temps par {name} : le texte déjà enregistré est gardé."
    return f"Ce texte a été repris entre-temps par {name}, dans un autre texte en attente."


def _put_aside(item, sent, me, former, reason):
    """Keep what cannot be saved as it is, and let its writer settle it. What it was to settle itself is settled."""
    by_another = _settled_meanwhile(former, me)
    side = cowriting.put_aside(item, sent, me, reason)
    if former is not None and former.id != side.id:
        cowriting.close(former, me, SideOutcome.REPLACED)
    cowriting.drop_preview(item, me, sent, former.id if former else None)
    db.session.commit()
    if by_another:
        flash(by_another)
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
    newest, present = read_number(request.form.get("newest", "")), revisions.newest_number(item)
    newest = newest if newest and newest <= present else present
    merge = cowriting.merged_with(item, cowriting.as_sent(side), newest)
    form = settling_form(_owns(merge), newest, _writer(side))
    if not form.validate_on_submit():
        return _settling_page(item, side, merge, form)
    text = cowriting.settled(merge, form.answers)
    try:
        check_parts(text)  # before it is merged, which takes long with a text that is far too long
        return _save(Sent(text, newest, None, "", side.key, SETTLED), item, side.id)
    except TextTooComplex as error:
        form.refuse(str(error))
        return _settling_page(item, side, merge, form)


def _settling_page(item, side, merge=None, form=None, status=200):
    """Show the places that two have written, beside each other; with the whole text, for whoever prefers that."""
    if form is None:
        newest = revisions.newest_number(item)
        merge = cowriting.merged_with(item, cowriting.as_sent(side), newest)
        form = settling_form(_owns(merge), newest, _writer(side), formdata=None)
    names = cowriting.others_since(item, side.base_number, side.author_id)
    page = render_template(
        "publications/cowriting/settle.html",
        item=item, side=side, form=form, whole=_whole(merge, form, side, MOST_SHOWN), adoption=adopting.standing(item),
        names=names, places=[(*fields, *_beside(merge, number)) for number, fields in enumerate(form.places)],
    )  # fmt: skip
    return (page, status) if not form.errors else (page, *form.outcome)


@bp.get(f"{PATH}/a-part/<id:side_id>/texte")
def whole(path, item_id, slug, side_id):
    """Show the whole text with both texts of each place, to be written by hand."""
    item = find(path, item_id, *OPTIONS)
    require(may_write(current_viewer(), item))
    side = cowriting.side(item, side_id, current_viewer()) or abort(404)
    require_slug(item, slug)
    if side.closed_at or adopting.standing(item):
        return redirect(address_of(item, "cowriting.settle", side_id=side.id))
    newest = revisions.newest_number(item)
    merge = cowriting.merged_with(item, cowriting.as_sent(side), newest)
    form = _whole(merge, settling_form([], newest, formdata=None), side)
    return render_template("publications/cowriting/whole.html", item=item, side=side, form=form)


def _whole(merge, form, side, most=None):
    """Return the form of the whole text with both texts of each place; None of one that is longer than `most`."""
    text = cowriting.all_of(merge)
    if most and len(text) > most:
        return None
    whole = WritingForm(formdata=None)
    whole.open(text, base=form.number, side=side.id)
    return whole


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
        cowriting.forget(side)
        return address_of(item), "L’aperçu est effacé."
    if request.form.get("act") == "open":
        cowriting.reopen(side)
        return address_of(item, "cowriting.settle", side_id=side.id), "Ce texte est de nouveau en attente."
    if side.outcome not in (None, SideOutcome.DISMISSED):
        return address_of(item, "cowriting.settle", side_id=side.id), _told(side)
    cowriting.close(side, me)
    return address_of(item, "cowriting.index"), "Ce texte est écarté. Il reste ici trente jours."


def _writer(side):
    """Return who has written a text put aside, with « de »; nothing for whoever settles it."""
    if side.author_id == current_user.id:
        return ""
    return of_person(side.author.name) if side.author else "d’un ancien membre"


def _owns(merge):
    return ["\n".join(conflict.mine) for conflict in merge.conflicts]


def _beside(merge, number):
    """Return what the page shows of a conflict: both texts as one, marked; and each of them, with where it stands."""
    conflict = merge.conflicts[number]
    mine, theirs = "\n".join(conflict.mine), "\n".join(conflict.theirs)
    shown = mine if len(mine) <= MOST_MARKED else f"{mine[:MOST_MARKED]} … (la suite est sous « Écrire autrement »)"
    place = {"mine": shown, "theirs": theirs, "title": cowriting.title_at(merge, number)}
    passages = differences.compare(theirs, mine) if len(mine) + len(theirs) <= MOST_MARKED else []
    return passages, place
