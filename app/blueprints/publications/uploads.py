"""Files that come with a form: let in, looked at before the write transaction, kept inside it."""

from flask import current_app, flash, request, session
from flask_login import current_user

from app.access import VISITOR, may_share
from app.blueprints.web import current_viewer
from app.forms.attachments import AttachmentsForm
from app.labels import PublicationKind
from app.models import Publication
from app.services import attachments
from app.services.attachments import FileRefused, Incoming
from app.templating import quoted

WRITING = ("publications.editing.new", "publications.editing.edit", "publications.items.minutes")
AT_ONCE = 5  # files of the largest size, in one go
TEXTS = 2 * 2**20  # bytes beside the files
HAD_PLACE = "{} : cette photo disait où elle a été prise. Le site n’en garde qu’une copie sans cette indication."


def make_room() -> None:
    """Let those who share things send several large files with the forms that take them. Runs before each request.

    So does whoever was logged in a moment ago: the text beside the files is not lost with the session.
    """
    if request.method == "POST" and request.endpoint in WRITING:
        viewer = current_viewer()
        if may_share(viewer, PublicationKind.EVENT) or (viewer == VISITOR and "_user_id" in session):
            most = AT_ONCE * current_app.config["FILE_MB"] * 2**20 + TEXTS
            request.max_content_length = max(most, current_app.config["MAX_CONTENT_LENGTH"])
            request.max_form_memory_size = TEXTS


def offer(
    form: AttachmentsForm, publication: Publication | None, *, is_minutes: bool = False, is_resumed: bool = False
) -> None:
    """Tell the form which files are there already, those that wait for it to be right among them, and how much place
    the council has. `publication`: None while it is new.

    Call it once the form is made, before it is validated. `is_resumed`: the form shows what its author has only
    previewed, so the files that came with that are listed too.
    """
    form.quota = (attachments.taken(current_user.council_id), attachments.allowed())
    if publication is None:
        return
    waiting = []
    if is_resumed or form.sent_ids:
        every = attachments.waiting(publication, current_user, is_minutes=is_minutes)
        waiting = [one for one in every if is_resumed or one.id in form.sent_ids]
    form.sent.data = ""
    form.offer(attachments.of(publication, is_minutes=is_minutes))
    form.add_sent(waiting)


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


def keep(
    publication: Publication,
    form: AttachmentsForm,
    incoming: list[Incoming],
    is_minutes: bool = False,
    is_shown: bool = True,
) -> None:
    """Join what `read` gave to a publication, inside the write transaction, with its row locked.

    When the form is saved: files that waited come in sight, those whose box is ticked go into the bin, and the words
    for images are written. Not `is_shown`, for a form that comes back to be corrected: the files that came are kept,
    out of everybody's sight, and listed in the form; commit, then show the form again.

    What is over the council's quota becomes a sentence in `form.files.errors`: commit, and show the form again.
    """
    incoming = _not_there_yet(publication, form, incoming, is_minutes)
    if is_shown:
        _settle(publication, form)
    added = [one for each in incoming if (one := _add(publication, form, each, is_minutes, is_shown))]
    form.quota = (attachments.taken(publication.council_id), attachments.allowed())
    if is_shown and form.files.errors:
        form.offer([*(entry.attachment for entry in form.entries if not entry.attachment.removed_at), *added])
        form.sent.data = ""
    elif not is_shown:
        form.add_sent(added)


def _not_there_yet(publication, form, incoming, is_minutes):
    """Leave out the files that are there already: a form that is sent twice brings them twice. Those that wait since
    the first time go on with the form."""
    there = attachments.of(publication, is_minutes=is_minutes)
    waiting = attachments.waiting(publication, current_user, is_minutes=is_minutes)
    known = {(one.file.name, one.file.digest): one for one in (*waiting, *there)}
    doubles = [each for each in incoming if (each.name, each.staged.digest) in known]
    for each in doubles:
        attachments.discard(each)
    again = {one.id: one for each in doubles if (one := known[each.name, each.staged.digest]).removed_at}
    form.add_sent([one for one in again.values() if one.id not in form.sent_ids])
    return [each for each in incoming if each not in doubles]


def _settle(publication, form):
    known = attachments.known(publication)  # a form that was sent twice may have erased one meanwhile
    form.entries = tuple(entry for entry in form.entries if entry.attachment in known)
    gone = {entry.attachment.id for entry in form.entries if entry.remove.data}
    attachments.show(publication, set(form.sent_ids) - gone, current_user)
    for entry in form.entries:
        if entry.remove.data:
            attachments.remove(entry.attachment, current_user)
        elif entry.words is not None:
            entry.attachment.alternative = entry.words.data


def _add(publication, form, each, is_minutes, is_shown):
    try:
        added = attachments.add(publication, each, current_user, is_minutes=is_minutes, is_shown=is_shown)
    except FileRefused as refusal:
        attachments.discard(each)
        return _refuse(form, each.name, refusal)
    if each.had_place:
        flash(HAD_PLACE.format(each.name))
    return added
