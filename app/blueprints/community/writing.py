"""What becomes of the form of a message that was sent: looked at first, posted, or back to be corrected."""

from collections.abc import Callable

from flask import Response
from flask_login import current_user

from app.blueprints.community import files
from app.blueprints.web import count, current_viewer
from app.extensions import begin_write, db
from app.forms.discussions import MessageForm
from app.markup import TextTooComplex
from app.services import cards, limits, posting
from app.services.posting import Words


def take(form: MessageForm, save: Callable[[Words], Response]) -> Response | None:
    """Do what the button says: `save` what was written, once all is right and its files are kept. Return the answer;
    None when the form comes back: what came with it waits."""
    is_right = form.validate()
    if form.was_kept or form.csrf_token.errors:
        return None  # whoever sent this is perhaps not the person who is logged in
    words = _rendered(form) if is_right else None
    if incoming := files.read(form):
        begin_write()
        files.keep(form, incoming, form.key.data)
        db.session.commit()
    if words is None or form.errors:
        return None
    if form.is_preview:
        form.shown, form.cards = words, cards.named_in(words.text, current_viewer())
        return None
    return save(words) if count(form, (limits.MESSAGES_ACCOUNT, str(current_user.id))) else None


def _rendered(form):
    try:
        return posting.rendered(form.text.data)
    except TextTooComplex as error:  # the beginning of a text may have what the whole of it closes
        form.text.errors = [str(error)]
        return None
