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

WRITING = ("publications.editing.new", "publications.editing.edit", "publications.items.minutes")
read, keep = uploads.read, uploads.keep


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
