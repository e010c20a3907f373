"""What becomes of a form that was sent: saved, set aside, held back until it is right. Nothing in it is lost."""

from flask import flash, redirect
from flask_login import current_user
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from app.access import may_edit, may_keep, opens_wider, require, viewer_of
from app.blueprints.publications import uploads
from app.blueprints.publications.common import address_of
from app.extensions import begin_write, db
from app.forms.base import read_day, read_time
from app.forms.publications import PublicationForm
from app.labels import Visibility
from app.models import Publication, User
from app.services import attachments, publishing, revisions
from app.templating import sitting

IN_BIN = (
    "Ceci est maintenant dans la corbeille de votre conseil. Votre texte est encore là : sortez d’abord la page de la "
    "corbeille, puis envoyez encore une fois."
)
TAKEN = (
    "Vous ne pouvez plus changer ce que ce formulaire avait publié. Votre texte est encore là : envoyez encore une "
    "fois, et ce sera une nouvelle page."
)
CHANGED = (
    "Ceci a été changé depuis que vous avez ouvert cette page, peut-être dans un autre onglet. Rien n’est perdu : "
    "comparez, puis envoyez encore une fois si votre texte doit remplacer ce qui est enregistré."
)
NO_GROUP = "Un groupe que vous aviez coché vient de disparaître. Relisez le niveau d’accès, puis envoyez encore."
NO_FOLDER = "Ce dossier vient d’être supprimé : choisissez-en un autre, ou aucun."
COPIES = "Moins de personnes peuvent maintenant le lire. Celles qui l’ont déjà lu en ont peut-être gardé une copie."
NOT_ALL = "Votre texte est enregistré. Il manque encore un fichier : voyez pourquoi ci-dessous."


class Refused(Exception):
    """Nothing was written; the form comes back."""


def is_out(item: Publication) -> bool:
    """Tell whether readers see it, or will at a date: what is only tried is kept apart from it."""
    return item.published_at is not None or item.publish_on is not None


def lock(model: type[Publication], item_id: int) -> tuple[Publication, User]:
    """Return a publication and whoever changes it, locked, with the rights of this instant. Call it in a write
    transaction."""
    me = _lock_me()
    item = db.session.scalar(select(model).where(model.id == item_id).with_for_update(of=Publication))
    require(item is not None and may_edit(viewer_of(me), item))  # it was, a moment ago
    return item, me


def _lock_me():
    me = db.session.scalar(select(User).where(User.id == current_user.id).with_for_update())
    require(may_keep(viewer_of(me), me.council_id))
    return me


def _open(form, model, item_id):
    """As `lock`; what the form is to make is started when it is not there yet."""
    if item_id is not None:
        item, me = lock(model, item_id)
    else:
        me = _lock_me()
        item = publishing.start(me, model, form.key.data)
        if item is None or not may_edit(viewer_of(me), item):
            form.renew_key()
            raise _refuse(form, TAKEN)
    if item.deleted_at is not None:
        raise _refuse(form, IN_BIN)
    return item, me


def _refuse(form, sentence):
    form.refuse(sentence)
    return Refused(sentence)


def save(form: PublicationForm, model: type[Publication], item_id: int | None, incoming: list):
    """Do what the button says with a form that is right. Return the answer; nothing when the form comes back."""
    fields = publishing.rendered(model, form.fields)
    begin_write()
    try:
        item, me = _open(form, model, item_id)
        incoming = _not_there_yet(item, incoming)
        if is_out(item) and form.deed in ("preview", "draft") and (item.published_at or form.deed == "preview"):
            return _set_aside(form, item, me, incoming)
        return _save(form, item, me, fields, incoming)
    except Refused:
        db.session.rollback()
        hold(form, model, item_id, incoming)
    except HTTPException:
        for each in incoming:
            attachments.discard(each)
        raise


def _not_there_yet(item, incoming):
    """Leave out the files that the item has: a form that is sent twice brings them twice."""
    there = {(one.file.name, one.file.digest) for one in attachments.of(item)}
    for each in incoming:
        if (each.name, each.staged.digest) in there:
            attachments.discard(each)
    return [each for each in incoming if (each.name, each.staged.digest) not in there]


def _save(form, item, me, fields, incoming):
    chosen = _chosen(form, item)
    was = (Visibility(item.level), {group.id for group in item.groups})
    wanted = (Visibility(form.level.data), set(form.chosen_groups))
    before, files = publishing.content_of(item), _files(item)
    is_changed = publishing.differs(item, form.fields | chosen)
    if is_changed and _is_stale(form, item):
        form.changed = list(revisions.changes(before, publishing.plain(form.fields, before)))
        form.version.data = str(item.version)
        raise _refuse(form, CHANGED)
    is_wider = item.published_at is not None and opens_wider(was, wanted, item.council_id)
    if is_wider and form.confirmed.data != form.opening:
        form.asks_to_open = True
        raise Refused
    uploads.keep(item, form, incoming)
    if is_changed or _files(item) != files:
        publishing.write(item, fields | chosen)
        if item.published_at:
            publishing.revise(item, before, me)
    return _conclude(form, item, me, is_narrower=opens_wider(wanted, was, item.council_id))


def _files(item):
    return {one.id for one in attachments.of(item)}


def _chosen(form, item):
    """Return what was chosen beside the text, as it is in the database now."""
    chosen = publishing.chosen(item.council_id, form.themes.data, form.chosen_groups, form.folder.data)
    if len(chosen["groups"]) < len(set(form.chosen_groups)):
        form.level.data = Visibility.COUNCIL
        raise _refuse(form, NO_GROUP)
    if form.folder.data and chosen["folder_id"] is None:
        form.folder.data = 0
        raise _refuse(form, NO_FOLDER)
    if name := form.new_folder.data:
        is_series = form.is_series.data
        chosen["folder_id"] = publishing.folder_named(item.council_id, name, is_series=is_series)
    return chosen | {"level": form.level.data}


def _is_stale(form, item):
    """Tell whether the item was changed since the form was opened. A new form has made at most one state of it."""
    version = int(form.version.data) if form.version.data.isdecimal() and len(form.version.data) < 10 else 0
    return item.version != version and (version != 0 or item.version > 2)


def _conclude(form, item, me, *, is_narrower):
    """Publish, or not; write all down, and say so."""
    if form.files.errors:
        form.version.data = str(item.version)
        db.session.commit()
        flash(NOT_ALL)
        return None
    revisions.drop_unsaved(item, me)
    if item.published_at is None:
        words = _settle_draft(form, item)
    else:
        words = ["C’est enregistré."] + ([COPIES] if is_narrower else [])
        if item.is_charter:
            publishing.set_charter(item.council_id, item)
    is_draft, when = not is_out(item), _date_typed(form)
    db.session.commit()
    for sentence in words:
        flash(sentence)
    if form.deed == "preview":
        return redirect(address_of(item, "editing.edit", apercu=1, **when))
    return redirect(address_of(item, "editing.edit", **when) if is_draft else address_of(item))


def _settle_draft(form, item):
    """Do with a draft what the button says; return the sentences that tell it."""
    if form.deed in ("preview", "draft", "save"):
        item.publish_on = None
        return ["Votre brouillon est gardé. Personne d’autre ne le voit."]
    if form.deed == "publish" and form.publish_on:
        item.publish_on = form.publish_on
        return [f"C’est prévu : la publication se fera toute seule, {sitting(form.publish_on, None, form.zone)}."]
    publishing.publish(item)
    return ["C’est publié."]


def _date_typed(form):
    """Return the date of publication as arguments of an address, so that a preview does not lose it."""
    day, hour = form.publish_day.data, form.publish_time.data
    typed = {"jour": day and day.isoformat(), "heure": hour and f"{hour:%H:%M}"}
    return {name: value for name, value in typed.items() if value}


def date_in(args) -> dict | None:
    """Read what `_date_typed` gave."""
    try:
        day = args.get("jour") and read_day(args["jour"]).isoformat()
        hour = args.get("heure") and read_time(args["heure"]).isoformat()
    except ValueError:
        return None
    return {"publish_day": day, "publish_time": hour}


# What is kept of a form that is not saved -------------------------------------------------------------------------


def _set_aside(form, item, me, incoming):
    """Keep a change of something published for its author alone, and show it to them."""
    uploads.keep(item, form, incoming, is_shown=False)
    revisions.set_aside(item, form.typed, me)
    is_full = bool(form.files.errors)
    db.session.commit()
    if is_full:
        return None
    if form.deed == "draft":
        flash("Ceci est déjà publié : vos lecteurs voient encore l’ancien texte. Le nouveau est gardé à part.")
    return redirect(address_of(item, "editing.edit", apercu=1))


def hold(form: PublicationForm, model: type[Publication], item_id: int | None, incoming: list) -> None:
    """Keep the files that came with a form that is to be corrected: they are there when it is sent again.

    What is new becomes a draft for that, with what is right in it.
    """
    if not incoming:
        return
    begin_write()
    try:
        item, me = _open(form, model, item_id)
    except (Refused, HTTPException):
        db.session.rollback()
        for each in incoming:
            attachments.discard(each)
        form.refuse_file("Choisissez vos fichiers encore une fois.")
        return
    uploads.keep(item, form, _not_there_yet(item, incoming), is_shown=False)
    if is_out(item):
        revisions.set_aside(item, form.typed, me)
    elif item.version == 1:
        publishing.write(item, form.right_fields)
        form.version.data = str(item.version)
    db.session.commit()
