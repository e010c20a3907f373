"""The page of the council, kept by its members."""

import re

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from app.access import may_keep, require, viewer_of
from app.blueprints.web import current_viewer, lock_writer, paginate, require_token
from app.extensions import begin_write, db
from app.forms.base import ActForm
from app.forms.fiche import MOST_PICTURES, TOO_MANY, make_form
from app.markup import TextTooComplex, lines
from app.models import Council, User
from app.services import fiches, limits, pictures, revisions
from app.templating import quoted

bp = Blueprint("fiche", __name__)

MOST_ASKED = 50  # rows named by one form: more were written by no page of ours
CHOOSE_AGAIN = "Choisissez vos images encore une fois : cette page était restée ouverte trop longtemps."
TOO_OFTEN = "Beaucoup d’images ont été envoyées aujourd’hui pour cette fiche : recommencez demain."
GONE = "Une image a été effacée entre-temps. Le reste est là : vérifiez, puis enregistrez."
SAVED = "La fiche est enregistrée."
UNCHANGED = "Rien n’a changé : la fiche était déjà ainsi. Elle est marquée vérifiée aujourd’hui."
MEANWHILE = (
    "La fiche a changé pendant que vous écriviez. Voyez ci-dessous ce qui a changé : votre texte n’est pas perdu, "
    "mais il n’est pas encore enregistré."
)


@bp.route("/fiche", methods=["GET", "POST"])
def edit():
    """Show the form of the page; take its pictures, show what it would look like, or save it."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    council = _council()
    if request.method == "GET":
        return _open(council)
    received, wrong = _receive(council)
    form, documents = _sent(council, received, wrong)
    if not form.validate_on_submit():
        return _show(council, form)
    content = form.content(documents)
    if form.is_preview or received:
        _set_aside(content, form)
        return redirect(url_for(".edit", apercu=1)) if form.is_preview else _show(_council(), form)
    return _save(content, fiches.html_of(content), form)


def _council():
    return db.session.get(Council, current_viewer().council_id)


def _lock():
    """Return the council, locked, and oneself, with the rights of this instant."""
    begin_write()
    me = lock_writer()
    council = db.session.get(Council, current_viewer().council_id, populate_existing=True)
    require(council is not None and may_keep(viewer_of(me), council.id))
    return council, me


def _start(council):
    """Return what a form carries to tell which state it started from."""
    return f"{council.id}.{council.version}"


# The form ----------------------------------------------------------------------------------------------------------


def _open(council):
    """Show the present page to be changed, or what one had begun and not saved."""
    aside = revisions.unsaved(council, _me())
    is_resumed = aside is not None and not {"apercu", "reprise"}.isdisjoint(request.args)
    content = aside.content if is_resumed else fiches.content_of(council)
    ids = [number for number, _ in content["pictures"]]
    form = make_form(
        content, start=content["start"] if is_resumed else _start(council),
        pictures=_in_order(council, ids), documents=fiches.charters(council, current_viewer()),
    )  # fmt: skip
    preview = _page(council, aside) if is_resumed and "apercu" in request.args else None
    return _show(council, form, aside=aside, is_resumed=is_resumed, preview=preview)


def _me():
    return db.session.get(User, current_viewer().user_id)


def _in_order(council, ids):
    kept = {picture.id: picture for picture in fiches.pictures_of(council, ids)}
    return [kept[number] for number in ids if number in kept]


def _sent(council, received, wrong):
    """Return the form as it was sent, with the pictures that have just come, and the documents it offers."""
    ids = _numbers("picture_")
    known = _in_order(council, ids)
    if len(known) < len(ids):
        wrong.append(GONE)
    documents = fiches.charters(council, current_viewer())
    rows = 1 + max(_numbers("link_url_"), default=0)
    present = fiches.content_of(council)
    form = make_form(present, start="", pictures=known, documents=documents, rows=rows, received=received)
    form.files.process_errors = wrong  # they come first among what is to be corrected
    return form, documents


def _numbers(prefix):
    """Return the numbers that follow `prefix` in the names of what was sent, each once, in its order."""
    found = (re.fullmatch(rf"{prefix}([0-9]{{1,9}})", name) for name in request.form)
    return list(dict.fromkeys(int(match[1]) for match in found if match))[:MOST_ASKED]


def _receive(council):
    """Keep the pictures that were sent, so that they need not be sent again; return them, and what is wrong."""
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        return [], []
    if not ActForm().validate():
        return [], [CHOOSE_AGAIN]
    there = sum(f"drop_{number}" not in request.form for number in _numbers("picture_"))
    room = max(0, MOST_PICTURES - there)
    wrong = [TOO_MANY] if len(files) > room else []
    made = [made for file in files[:room] if (made := _picture(file, wrong))]
    return (_keep(made, wrong) if made else []), wrong


def _picture(file, wrong):
    try:
        content = file.read(pictures.HEAVIEST + 1)
        return pictures.make_picture(content, width=fiches.WIDTH, height=fiches.HEIGHT, crop=False)
    except pictures.BadPicture as error:
        wrong.append(f"{quoted(file.filename[:80])} : {error}")


def _keep(made, wrong):
    council, _ = _lock()
    if limits.hit((limits.COUNCIL_PICTURES, str(council.id))):
        wrong.append(TOO_OFTEN)
        db.session.commit()
        return []
    received = fiches.receive(council, made)
    db.session.commit()
    return received


def _set_aside(content, form):
    council, me = _lock()
    revisions.set_aside(council, content | {"start": form.start.data}, me)
    db.session.commit()


def _save(content, html, form):
    """Write the page, unless somebody else has meanwhile: then nothing is overwritten before its author has seen it."""
    council, me = _lock()
    if form.start.data != _start(council) and content != fiches.content_of(council):
        return _show_meanwhile(council, me, content, form)
    is_new = fiches.save(council, content, html, me)
    db.session.commit()
    flash(SAVED if is_new else UNCHANGED)
    return redirect(url_for("public.councils.show", slug=council.slug))


def _show_meanwhile(council, me, content, form):
    """Show what somebody else has changed, already taken over in the fields that this form had left alone."""
    base, present = _base(council, form), fiches.content_of(council)
    merged = {name: present[name] if content[name] == base.get(name) else content[name] for name in present}
    revisions.set_aside(council, content | {"start": form.start.data}, me)
    db.session.commit()
    ids = [number for number, _ in merged["pictures"]]
    form = make_form(
        merged, start=_start(council), pictures=_in_order(council, ids), formdata=None,
        documents=fiches.charters(council, current_viewer()),
    )  # fmt: skip
    form.refuse(MEANWHILE)
    changes = list(revisions.changes(base, present))
    return _show(council, form, meanwhile=changes, newest=revisions.newest(council))


def _base(council, form):
    of, _, version = form.start.data.partition(".")
    return fiches.base_of(council, int(version)) if of == str(council.id) else {}


def _show(council, form, **more):
    """Print the form; `more` is what this moment adds to it."""
    nothing = {"aside": None, "is_resumed": False, "preview": None, "meanwhile": [], "newest": None}
    return render_template("council/fiche/edit.html", council=council, form=form, **nothing | more), *form.outcome


@bp.post("/fiche/verification")
def verify():
    """Note that all is right."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    require_token()
    council, _ = _lock()
    fiches.verify(council)
    db.session.commit()
    flash("Merci. La fiche est marquée vérifiée aujourd’hui.")
    return redirect(url_for("public.councils.show", slug=council.slug))


@bp.post("/fiche/oubli")
def forget():
    """Forget what one had begun and not saved."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    require_token()
    council, me = _lock()
    revisions.drop_unsaved(council, me)
    db.session.commit()
    flash("C’est oublié : voici la fiche telle qu’elle est.")
    return redirect(url_for(".edit"))


# Versions ----------------------------------------------------------------------------------------------------------


@bp.get("/fiche/versions")
def versions():
    """List the versions."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    council = _council()
    page = paginate(revisions.saved(council), per_page=revisions.LISTED)
    sized = revisions.with_sizes(council, page.items)
    return render_template("council/fiche/versions.html", council=council, page=page, sized=sized)


@bp.get("/fiche/versions/<id:number>")
def version(number):
    """Show one version: whole, or what it changed, or how it differs from the present one."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    council = _council()
    revision = revisions.find(council, number) or abort(404)
    compared = revisions.compared(council, revision, request.args.get("voir", ""))
    return render_template(
        "council/fiche/version.html", council=council, revision=revision, compared=compared,
        is_newest=revision.number == council.version, page=_page(council, revision) if compared is None else None,
        charter=revision.content["charter"], gone=fiches.what_is_left(council, revision, viewer)[1],
    )  # fmt: skip


def _page(council, revision):
    try:
        html = fiches.html_of(revision.content)
    except TextTooComplex:  # the limits were wider once
        html = lines(revision.content["description"])
    return fiches.page_of(council, revision.content, html)


@bp.post("/fiche/versions/<id:number>/retour")
def restore(number):
    """Make a former version the present one, as a new version."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    require_token()
    revision = revisions.find(_council(), number) or abort(404)
    try:
        html = fiches.html_of(revision.content)
    except TextTooComplex as error:
        flash(str(error))
        return redirect(url_for(".version", number=number))
    council, me = _lock()
    content, gone = fiches.what_is_left(council, revision, viewer_of(me))
    is_new = fiches.save(council, content, html, me, revisions.restored(number))
    db.session.commit()
    flash(_told(number, gone) if is_new else "Cette version est déjà celle que tout le monde voit.")
    return redirect(url_for("public.councils.show", slug=council.slug))


def _told(number, gone):
    without = f", sans {' ni '.join(gone)} : plus rien n’en est gardé" if gone else ""
    return f"La version n° {number} est rétablie{without}."
