"""Files that come with the form of a publication."""

from flask import request
from flask_login import current_user

from app.access import may_share
from app.blueprints import uploads
from app.blueprints.web import current_viewer
from app.forms.attachments import AttachmentsForm
from app.labels import PublicationKind
from app.models import Publication
from app.services import attachments
from app.services.attachments import Incoming

WRITING = ("publications.editing.new", "publications.editing.edit", "publications.items.minutes")
read = uploads.read


def make_room() -> None:
    """Let those who share things send several large files with the forms that take them. Runs before each request."""
    if request.method == "POST" and request.endpoint in WRITING:
        uploads.make_room(may_send=may_share(current_viewer(), PublicationKind.EVENT))


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
    added = uploads.add_all(form, publication, incoming, is_minutes=is_minutes, is_shown=is_shown)
    if is_shown and form.files.errors:
        form.offer([*(entry.attachment for entry in form.entries if not entry.attachment.removed_at), *added])
        form.sent.data = ""
    elif not is_shown:
        form.add_sent(added)


def _not_there_yet(publication, form, incoming, is_minutes):
    """Leave out the files that are there already; those that wait since the first time go on with the form."""
    there = attachments.of(publication, is_minutes=is_minutes)
    waiting = attachments.waiting(publication, current_user, is_minutes=is_minutes)
    incoming, again = uploads.set_doubles_apart(incoming, [*waiting, *there])
    form.add_sent([one for one in again if one.removed_at and one.id not in form.sent_ids])
    return incoming


def _settle(publication, form):
    known = attachments.known(publication)  # a form that was sent twice may have erased one meanwhile
    form.entries = tuple(entry for entry in form.entries if entry.attachment in known)
    gone = {entry.attachment.id for entry in form.entries if entry.remove.data}
    attachments.show(publication, set(form.sent_ids) - gone, current_user)
    uploads.remove_ticked(form)
