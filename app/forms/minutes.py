"""The minutes of an event."""

from wtforms import HiddenField, SubmitField
from wtforms.validators import ValidationError

from app.forms.attachments import AttachmentsForm
from app.forms.base import area_field
from app.markup import MAX_LENGTH, TextTooComplex, check
from app.text import one_line


class MinutesForm(AttachmentsForm):
    """A text in Markdown, and files. `mark` tells which minutes the form started from."""

    minutes = area_field("Compte-rendu", most=MAX_LENGTH, rows=14)
    saved = ""  # the minutes that somebody saved since the form was opened
    mark = HiddenField(default="", filters=[one_line])
    preview = SubmitField("Voir avant d’enregistrer")

    def validate_minutes(self, minutes):
        """Refuse what would take too long to show."""
        try:
            check(minutes.data)
        except TextTooComplex as refusal:
            raise ValidationError(str(refusal)) from None
