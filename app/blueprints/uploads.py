"""Files that come with forms: let in, looked at before the write transaction, added inside it."""

from flask import current_app, flash, request, session
from flask_login import current_user

from app.access import VISITOR
from app.blueprints.web import current_viewer
from app.forms.attachments import AttachmentsForm
from app.models import Article, Attachment, Publication
from app.services import attachments
from app.services.attachments import FileRefused, Holder, Incoming
from app.templating import quoted

AT_ONCE = 5  # files of the largest size, in one go
TEXTS = 2 * 2**20  # bytes beside the files
HAD_PLACE = "{} : cette photo disait où elle a été prise. Le site n’en garde qu’une copie sans cette indication."


def make_room(*, may_send: bool) -> None:
    """Let several large files come with this request: from whoever may send them, and from who was logged in a moment
    ago: the text beside the files is not lost with the session."""
    if may_send or (current_viewer() == VISITOR and "_user_id" in session):
        most = AT_ONCE * current_app.config["FILE_MB"] * 2**20 + TEXTS
        request.max_content_length = max(most, current_app.config["MAX_CONTENT_LENGTH"])
        request.max_form_memory_size = TEXTS


def read(form: AttachmentsForm) -> list[Incoming]:
    """Look at each file that was sent, and make the smaller copies of images: before the write transaction.

    What is refused becomes a sentence in `form.files.errors`, with the name of the file; the others come back.
    """
    return [received for upload in form.files.data if (received := _receive(form, upload))]


def _receive(form, upload):
    try:
        return attachments.receive(upload.stream, upload.filename)
    except FileRefused as refusal:
        _refuse(form, upload.filename, refusal)


def _refuse(form, name, refusal):
    form.refuse_file(f"{quoted(attachments.shown_name(name))} n’est pas gardé. {refusal}")


def set_doubles_apart(incoming: list[Incoming], there: list[Attachment]) -> tuple[list[Incoming], list[Attachment]]:
    """Leave out the files that are there already: a form that is sent twice brings them twice. Return the others, and
    those that were there."""
    known = {(one.file.name, one.file.digest): one for one in there}
    doubles = [each for each in incoming if (each.name, each.staged.digest) in known]
    for each in doubles:
        attachments.discard(each)
    again = {one.id: one for each in doubles if (one := known[each.name, each.staged.digest])}
    return [each for each in incoming if each not in doubles], list(again.values())


def add_all(form: AttachmentsForm, holder: Holder, incoming: list[Incoming], **options) -> list[Attachment]:
    """Join files to a publication or message, as `attachments.add` does; what finds no place becomes a sentence in
    `form.files.errors`. Return the others."""
    added = [one for each in incoming if (one := _add(form, holder, each, options))]
    if not isinstance(holder, Article):
        form.quota = (attachments.taken(holder.council_id), attachments.allowed())
    return added


def _add(form, holder, each, options):
    try:
        added = attachments.add(holder, each, current_user, **options)
    except FileRefused as refusal:
        attachments.discard(each)
        return _refuse(form, each.name, refusal)
    if each.had_place:
        flash(HAD_PLACE.format(each.name))
    return added


def remove_ticked(form: AttachmentsForm) -> None:
    """Take away the files whose box is ticked, and write the words for the other images."""
    for entry in form.entries:
        if entry.remove.data:
            attachments.remove(entry.attachment, current_user)
        elif entry.words is not None:
            entry.attachment.alternative = entry.words.data


def keep(
    holder: Publication | Article,
    form: AttachmentsForm,
    incoming: list[Incoming],
    is_minutes: bool = False,
    is_shown: bool = True,
) -> None:
    """Join what `read` gave to a publication or article, inside the write transaction, with its row locked.

    When the form is saved: files that waited come in sight, those whose box is ticked go into the bin, and the words
    for images are written. Not `is_shown`, for a form that comes back to be corrected: the files that came are kept,
    out of everybody's sight, and listed in the form; commit, then show the form again.

    What is over the council's quota becomes a sentence in `form.files.errors`: commit, and show the form again.
    """
    incoming = _not_there_yet(holder, form, incoming, is_minutes)
    if is_shown:
        _settle(holder, form)
    added = add_all(form, holder, incoming, is_minutes=is_minutes, is_shown=is_shown)
    if is_shown and form.files.errors:
        form.offer([*(entry.attachment for entry in form.entries if not entry.attachment.removed_at), *added])
        form.sent.data = ""
    elif not is_shown:
        form.add_sent(added)


def _not_there_yet(holder, form, incoming, is_minutes):
    """Leave out the files that are there already; those that wait since the first time go on with the form."""
    there = attachments.of(holder, is_minutes=is_minutes)
    waiting = attachments.waiting(holder, current_user, is_minutes=is_minutes)
    incoming, again = set_doubles_apart(incoming, [*waiting, *there])
    form.add_sent([one for one in again if one.removed_at and one.id not in form.sent_ids])
    return incoming


def _settle(holder, form):
    known = attachments.known(holder)  # a form that was sent twice may have erased one meanwhile
    form.entries = tuple(entry for entry in form.entries if entry.attachment in known)
    gone = {entry.attachment.id for entry in form.entries if entry.remove.data}
    attachments.show(holder, set(form.sent_ids) - gone, current_user)
    remove_ticked(form)
