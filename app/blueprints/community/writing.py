"""What becomes of the form of a message that was sent: looked at first, posted, or back to be corrected."""

from collections.abc import Callable

from flask import Response
from flask_login import current_user

from app.blueprints.community import files
from app.blueprints.web import count, current_viewer
from app.extensions import begin_write, db
from app.forms.discussions import MessageForm
from app.markup import TextTooComplex
from app.models import Category
from app.services import cards, limits, posting
from app.services.posting import Words

USED = (
    "Un message est déjà publié avec ce formulaire. Si c’est un autre message que vous voulez publier, envoyez encore "
    "une fois."
)
AGAIN = "Choisissez vos fichiers encore une fois."


def take(
    form: MessageForm, category: Category, save: Callable[[Words], Response | None], quotation: str = ""
) -> Response | None:
    """Do what the button says: `save` what was written for those who read a rubric, below a `quotation`, once all is
    right and its files are kept. Return the answer; None when the form comes back: what came with it waits."""
    is_right = form.validate()
    if form.was_kept or form.csrf_token.errors:
        if form.files.data:
            form.refuse_file(AGAIN)
        return None  # whoever sent this is perhaps not the person who is logged in
    words = _rendered(form, quotation) if is_right else None
    if incoming := files.read(form):
        begin_write()
        files.keep(form, incoming, form.key.data)
        db.session.commit()
    if words is None or form.errors:
        return None
    if form.is_preview:
        form.shown, form.cards = words, cards.named_in(words.text, current_viewer())
        form.narrow = cards.hidden_from_some(form.cards, category)
        return None
    return save(words) if count(form, (limits.MESSAGES_ACCOUNT, str(current_user.id))) else None


def refuse_used(form: MessageForm) -> None:
    """Let a form come back that has made something else before: sent once more, it makes another message, with the
    files that are chosen for it then."""
    db.session.rollback()
    if form.files.data or form.entries:
        form.entries = ()
        form.refuse_file(AGAIN)
    form.renew_key()
    form.refuse(USED)


def _rendered(form, quotation):
    try:
        return posting.rendered(quotation + form.text.data)
    except TextTooComplex as error:  # the beginning of a text may have what the whole of it closes
        form.text.errors = [str(error)]
        return None
