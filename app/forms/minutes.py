"""The minutes of an event."""

from wtforms import HiddenField, SubmitField

from app.forms.attachments import AttachmentsForm
from app.forms.base import markdown_field
from app.text import one_line


class MinutesForm(AttachmentsForm):
    """A text in Markdown, and files. `mark` tells which minutes the form started from."""

    minutes = markdown_field("Compte-rendu", rows=14)
    saved = ""  # the minutes that somebody saved since the form was opened
    mark = HiddenField(default="", filters=[one_line])
    preview = SubmitField("Voir l’aperçu")
