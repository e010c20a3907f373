"""Files that come with the form of a message: they wait under its key until the message is there."""

from flask import request
from flask_login import current_user

from app.access import is_member
from app.blueprints import uploads
from app.blueprints.web import current_viewer
from app.forms.attachments import AttachmentsForm
from app.models import Message
from app.services import attachments
from app.services.attachments import Envelope, Incoming

WRITING = (
    "community.topics.new",
    "community.topics.new_in_group",
    "community.topics.reply",
    "community.messages.edit",
)
read = uploads.read


def make_room() -> None:
    """Let members send several large files with the forms of messages. Runs before each request."""
    if request.method == "POST" and request.endpoint in WRITING:
        uploads.make_room(may_send=is_member(current_viewer()))


def offer(form: AttachmentsForm, key: str, message: Message | None = None) -> None:
    """Tell the form which files have come with it before it was right, and which ones the message has that it corrects.

    Call it once the form is made, before it is validated. `key` is that of the form; of one that corrects a message,
    that of the message.
    """
    if message is not None or request.method == "POST":
        form.offer(_there(_envelope(key)))


def _envelope(key):
    return Envelope(key, current_user.council_id)


def _there(envelope):
    return [*attachments.of(envelope), *attachments.waiting(envelope, current_user)]


def keep(form: AttachmentsForm, incoming: list[Incoming], key: str, message: Message | None = None) -> None:
    """Keep what `read` gave, inside the write transaction, and list it in the form: it waits, seen by nobody else, for
    the message. Once that is there: all that has waited is joined to it, but for what has its box ticked; and the words
    for images are written.

    What finds no place becomes a sentence in `form.files.errors`: keep the files without a message first, so that one
    is posted with all of them.
    """
    envelope = _envelope(key)
    if incoming:
        there = _there(envelope)
        incoming, _ = uploads.set_doubles_apart(incoming, there)
        leaving = [entry.attachment.id for entry in form.entries if entry.remove.data]
        listed = {entry.attachment.id for entry in form.entries}
        added = uploads.add_all(form, envelope, incoming, leaving=leaving)
        form.add_sent([one for one in (*there, *added) if one.id not in listed])
    if message is not None:
        known = attachments.known(envelope)  # a form that was sent twice may have erased one meanwhile
        form.entries = tuple(entry for entry in form.entries if entry.attachment in known)
        uploads.remove_ticked(form)
        attachments.join(envelope, message, current_user)
