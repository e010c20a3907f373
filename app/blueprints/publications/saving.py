"""What becomes of a form that was sent: saved, set aside, held back until it is right. Nothing in it is lost."""

from flask import flash, redirect
from werkzeug.exceptions import HTTPException

from app.access import may_edit, may_share, require, viewer_of
from app.blueprints.publications import uploads
from app.blueprints.publications.common import address_of, lock
from app.extensions import begin_write, db
from app.forms.base import whole_number
from app.forms.publications import PublicationForm
from app.labels import Visibility
from app.models import Publication
from app.services import attachments, minutes, publishing, reaching, revisions, seats, writing
from app.services.writing import Asked, Became, Refused
from app.templating import plural, sitting

COPIES = "Moins de personnes peuvent maintenant le lire. Celles qui l’ont déjà lu en ont peut-être gardé une copie."
NOT_ALL = "Votre texte est enregistré. Il manque encore un fichier : voyez pourquoi ci-dessous."
KEPT = "Votre brouillon est gardé. Personne d’autre ne le voit."
GROUPS_WRITE = "Les membres des groupes choisis peuvent maintenant l’écrire. Ils voient aussi ses anciennes versions."
ALONE = "Vous êtes maintenant la seule personne à pouvoir modifier ce document. Ses versions restent."
ASIDE = "Ceci est déjà publié : vos lecteurs voient encore l’ancien texte. Le nouveau est gardé à part."


def save(form: PublicationForm, model: type[Publication], item_id: int | None, incoming: list, *, is_new: bool):
    """Do what the button says with a form that is right. Return the answer; nothing when the form comes back."""
    asked = _asked(form, publishing.rendered(model, form.fields))
    begin_write()
    try:
        item, me = _open(form, model, item_id)
        if is_new:
            writing.require_new(item, asked.fields, asked.repeats)
        place, words = _do(form, item, me, asked, incoming)
    except Refused as refusal:
        db.session.rollback()
        _explain(form, refusal)
        hold(form, model, item_id, incoming)
        return None
    except HTTPException:
        for each in incoming:
            attachments.discard(each)
        raise
    db.session.commit()
    for sentence in words:
        flash(sentence)
    return place and redirect(place)


def _asked(form, fields):
    return Asked(
        deed=form.deed, fields=fields, level=Visibility(form.level.data), group_ids=form.chosen_groups,
        theme_ids=form.themes.data, folder_id=form.folder.data, new_folder=form.new_folder.data,
        is_series=form.is_series.data, version=whole_number(form.version), publish_on=form.publish_on,
        is_confirmed=form.confirmed.data == form.opening, repeats=whole_number(form.again),
        is_quiet="is_quiet" in form and form.is_quiet.data,
    )  # fmt: skip


def _open(form, model, item_id):
    """Return what is written and who writes it, locked, with the rights of this instant. What the form is to make is
    started when it is not there yet."""
    item, me = lock(model, item_id or 0)
    require(may_share(viewer_of(me), model.__mapper__.polymorphic_identity))
    if item_id is None:
        item = writing.start(me, model, form.key.data)
    else:
        require(item is not None and may_edit(viewer_of(me), item))  # it was, a moment ago
    writing.require_shelf(item)
    return item, me


def _explain(form, refusal):
    """Let the form say why it comes back, and hold what is needed to send it again."""
    match refusal:
        case writing.Taken():
            form.renew_key()
        case writing.NoGroup():
            form.level.data = Visibility.COUNCIL
        case writing.NoFolder():
            form.folder.data = 0
        case writing.Changed():
            form.changed, form.version.data = refusal.changes, str(refusal.version)
        case writing.WrittenApart():
            form.come_late(refusal.known)
        case writing.Adopted() | writing.Unsettled() | writing.TooLong():
            form.is_collaborative.data = True
        case writing.Wider():
            form.asks_to_open = True
        case writing.Repeated():
            form.twin, form.again.data = refusal.twin, str(refusal.twin.id)
    if refusal.sentence:
        form.refuse(refusal.sentence)


def _do(form, item, me, asked, incoming):
    """Write all down. Return where to go next (None: the form comes back) and the sentences that tell what was done."""
    if writing.is_only_tried(item, asked.deed):
        return _try_out(form, item, me, incoming)
    change, waits = writing.look(item, asked), minutes.only_previewed(item, me)
    uploads.keep(item, form, incoming)
    done = writing.carry_out(change, me)
    if form.files.errors:
        form.version.data = str(item.version)
        return None, [NOT_ALL]
    became = writing.conclude(item, asked, me)
    if waits:
        minutes.set_aside(item, waits["minutes"], me)
    places = _about_places(item) if done.has_other_places else []
    return _next(form, item), [*_told(form, change, became, me, is_told=done.is_told), *places]


def _try_out(form, item, me, incoming):
    """Keep a change of something published for its author alone, and show it to them."""
    uploads.keep(item, form, incoming, is_shown=False)
    revisions.set_aside(item, form.typed | minutes.only_previewed(item, me), me)
    if form.files.errors:
        return None, []
    return address_of(item, "editing.edit", apercu=1), [ASIDE] if form.deed == "draft" else []


def _next(form, item):
    if form.deed == "preview":
        return address_of(item, "editing.edit", apercu=1, **form.date_typed)
    return address_of(item) if writing.is_out(item) else address_of(item, "editing.edit", **form.date_typed)


def _told(form, change, became, me, *, is_told):
    """Return the sentences that tell what was done, and who reads it now."""
    if became is Became.DRAFT:
        return [KEPT]
    if became is Became.SCHEDULED:
        when = sitting(form.publish_on, None, form.zone)
        return [f"C’est prévu : la publication se fera toute seule, {when}."]
    if became is Became.PUBLISHED:
        found = _reached(form, change.item, me)
        published = f"C’est publié : {' ; '.join([_readers(found), *_listeners(found)])}."
        return [published, *[_writers(change.item)] * change.item.is_collaborative]
    found = _reached(form, change.item, me, written=change.item) if is_told or change.is_wider else None
    is_open = change.is_wider and not change.item.hidden_at
    saved = f"C’est enregistré : {_readers(found)}." if is_open else "C’est enregistré."
    turned = [_writers(change.item)] * change.is_turned or [GROUPS_WRITE] * change.lets_groups_write
    return [saved, *turned, *[COPIES] * change.is_narrower, *(_of_change(found) if is_told else [])]


def _writers(item):
    """Say who writes the description from now on."""
    if not item.is_collaborative:
        return ALONE
    with_groups = item.groups_write and item.level == Visibility.GROUPS
    return "La description s’écrit maintenant à plusieurs : tous les membres de votre conseil" + (
        ", et ceux des groupes choisis, peuvent la modifier. Ils voient aussi ses anciennes versions."
        if with_groups
        else " peuvent la modifier."
    )


def _reached(form, item, me, *, written=None):
    place = getattr(item, "territory_id", None)
    return reaching.reach(item.kind, me, form.chosen_groups, item=written, territory_id=place)[item.level]


def _of_change(found):
    """Say how many will be told of a change."""
    if count := found.at_once + found.registered:
        yield f"{plural(count, 'personne sera prévenue', 'personnes seront prévenues')} dans un quart d’heure."


def _about_places(item):
    """Warn of what a change of the places does not do by itself."""
    state = seats.state_of(item)
    if not item.takes_registrations and (count := state.held + state.waiting):
        told = plural(count, "personne inscrite n’a pas été prévenue", "personnes inscrites n’ont pas été prévenues")
        return [f"Il ne faut plus s’inscrire, mais {told}."]
    if state.seats is not None and state.held > state.seats:
        kept = plural(state.held, "personne garde sa place", "personnes gardent leur place")
        return [f"{kept}, pour {plural(state.seats, 'place', 'places')} : rien n’a été retiré à personne."]
    return []


def _readers(found):
    """Say how many may read it: « 3 personnes peuvent le lire »."""
    count = found.readers
    if count is None:
        return "tout le monde peut le lire"
    return "vous seul pouvez le lire pour l’instant" if count == 1 else f"{count} personnes peuvent le lire"


def _listeners(found):
    """Say how many are told."""
    if found.at_once:
        yield plural(found.at_once, "personne est prévenue", "personnes sont prévenues")
    if found.in_digest:
        seen = plural(found.in_digest, "personne le verra dans son", "personnes le verront dans leur")
        yield f"{seen} prochain résumé"


def hold(form: PublicationForm, model: type[Publication], item_id: int | None, incoming: list) -> None:
    """Keep the files that came with a form that is to be corrected: they are there when it is sent again.

    What is new becomes a draft for that, with what is right in it.
    """
    if not incoming:
        return
    begin_write()
    try:
        item, me = _open(form, model, item_id)
    except (Refused, HTTPException) as refusal:
        db.session.rollback()
        for each in incoming:
            attachments.discard(each)
        form.refuse_file("Choisissez vos fichiers encore une fois.")
        if isinstance(refusal, Refused) and refusal.sentence not in form.form_errors:
            _explain(form, refusal)
        return
    uploads.keep(item, form, incoming, is_shown=False)
    if writing.is_out(item):
        revisions.set_aside(item, form.typed | minutes.only_previewed(item, me), me)
    elif item.version == 1:
        publishing.write(item, form.right_fields)
        form.version.data = str(item.version)
    db.session.commit()
