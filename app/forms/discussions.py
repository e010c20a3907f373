"""What is written in discussions: a topic, an answer, a correction."""

import secrets

from wtforms import HiddenField, StringField
from wtforms.validators import Length, ValidationError

from app.forms.attachments import AttachmentsForm
from app.forms.base import markdown_field, text_field
from app.models.attachment import MOST_OF_MESSAGE
from app.models.discussion import LONGEST
from app.templating import number
from app.text import one_line

HEXADECIMAL = frozenset("0123456789abcdef")
TOO_LONG = (
    f"Ce message est trop long : {number(LONGEST)} caractères au plus. Coupez-le en deux, ou joignez un document."
)


def _number(field):
    text = field.data
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


class MessageForm(AttachmentsForm):
    """A message. `key` tells this form from all others; `seen`: the number of the newest message when it was opened;
    `cite`: the number of the message that it quotes."""

    key = HiddenField(default=lambda: secrets.token_hex(16), filters=[one_line])
    seen = HiddenField(default="", filters=[one_line], validators=[Length(max=9)])
    text = markdown_field("Votre message", rows=8)
    cite = HiddenField(default="", filters=[one_line], validators=[Length(max=9)])
    act = StringField(default="post")

    # Of a preview: the words, what they point to, and what of this not all readers may open.
    shown, cards, narrow = None, (), ()

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.files.description += f" {MOST_OF_MESSAGE} fichiers au plus."

    def process(self, formdata=None, *args, **options):
        """Fill the fields; a key that this site did not make is another one."""
        super().process(formdata, *args, **options)
        if len(self.key.data) != 32 or not HEXADECIMAL.issuperset(self.key.data):
            self.renew_key()

    def renew_key(self) -> None:
        """Make this another form: what the former one made is there."""
        self.key.data = secrets.token_hex(16)

    def validate_text(self, field):
        """Ask for a text, of a length that people read."""
        if not field.data:
            raise ValidationError("Écrivez votre message.")
        if len(field.data) > LONGEST:
            raise ValidationError(TOO_LONG)

    @property
    def is_preview(self) -> bool:
        """Whether its writer wants to look at it first."""
        return self.act.data == "preview"

    @property
    def seen_number(self) -> int:
        """The newest message when the form was opened; 0 where nobody knows."""
        return _number(self.seen)

    @property
    def cited_number(self) -> int:
        """The message that is quoted; 0: none is."""
        return _number(self.cite)


class TopicForm(MessageForm):
    """A topic, with its first message. `former`: the title when a correction was begun."""

    title = text_field(
        "Titre du sujet", required="Écrivez un titre : votre question en une ligne, par exemple.", most=150,
        description="Votre question ou votre idée, en une ligne.",
    )  # fmt: skip
    former = HiddenField(default="", filters=[one_line])
