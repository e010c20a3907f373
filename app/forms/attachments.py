"""Files sent with a text, and what is said of those that are there already."""

from dataclasses import dataclass

from flask import current_app
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, Field, HiddenField

from app.forms.base import Form, text_field
from app.models import Attachment
from app.templating import quoted
from app.text import one_line

HINT = (
    "Facultatif. Vous pouvez en choisir plusieurs à la fois, de {} Mo au plus chacun : PDF, documents LibreOffice ou "
    "Word, tableaux, images, sons, courtes vidéos."
)
# Asked for by name, an iPhone converts its HEIC by itself.
ACCEPTED = (
    ".pdf,.odt,.ods,.odp,.docx,.xlsx,.pptx,.txt,.md,.csv,image/jpeg,image/png,image/webp,image/gif,audio/*,video/mp4,"
    "video/webm,video/quicktime,video/3gpp"
)


class FilesField(MultipleFileField):
    """Several files; what has neither name nor content was not chosen. Each one that is refused has its sentence among
    the errors."""

    def process_formdata(self, valuelist):
        """Keep the files, if there are any."""
        sent = [upload for upload in valuelist if isinstance(upload, FileStorage)]
        self.data = [upload for upload in sent if upload.filename or upload.stream.read(1)]
        for upload in self.data:
            upload.stream.seek(0)


@dataclass(frozen=True)
class Entry:
    """A file that is there already, with its fields. `words` are there for images only."""

    attachment: Attachment
    remove: Field
    words: Field | None


class AttachmentsForm(Form):
    """The part of a form that takes files; others inherit from it.

    A view calls `uploads.offer`, `files.offer` (or `offer`) once the form is made, before it is validated. The files
    that came with a form which had to be corrected are listed in `sent`, by number: they wait, unseen, for the form to
    be saved.
    """

    files = FilesField("Ajouter des fichiers", render_kw={"accept": ACCEPTED})
    sent = HiddenField(default="", filters=[one_line])
    quota = None  # (bytes taken, bytes allowed) of the council, once `uploads.offer` has told
    entries: tuple[Entry, ...] = ()

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.files.description = HINT.format(current_app.config["FILE_MB"])

    def process(self, formdata=None, *args, **options):
        """Keep what was sent, for the fields that `offer` adds."""
        self._formdata = self.meta.wrap_formdata(self, formdata)
        super().process(self._formdata, *args, **options)

    @property
    def sent_ids(self) -> list[int]:
        """The numbers of the files that came with this form before it was right."""
        numbers = (part for part in self.sent.data.split(",")[:100] if part.isascii() and part.isdigit())
        return [int(number) for number in numbers if len(number) < 10]

    def offer(self, attachments: list[Attachment]) -> None:
        """Add for each of these files a box to take it away, and for an image the words for those who do not see it."""
        self.entries = tuple(self._entry(attachment) for attachment in attachments)

    def add_sent(self, attachments: list[Attachment]) -> None:
        """List more files that wait for this form to be right."""
        self.sent.data = ",".join(str(number) for number in [*self.sent_ids, *(one.id for one in attachments)])
        self.entries += tuple(self._entry(attachment) for attachment in attachments)

    def refuse_file(self, sentence: str) -> None:
        """Say one more thing that is wrong with the files."""
        self.files.errors = [*self.files.errors, sentence]

    def _entry(self, attachment):
        remove = self._bind(f"retirer-{attachment.id}", BooleanField(f"Retirer {quoted(attachment.file.name)}"), False)
        words = attachment.picture_id and text_field(
            "Que voit-on sur cette image ?", most=300, description="Quelques mots, pour qui ne la voit pas."
        )
        return Entry(attachment, remove, words and self._bind(f"image-{attachment.id}", words, attachment.alternative))

    def _bind(self, name, unbound, data):
        field = self._fields[name] = self.meta.bind_field(self, unbound, {"name": name, "prefix": self._prefix})
        is_answered = self._formdata is not None and self._formdata.get("sent") is not None
        known = is_answered and (isinstance(field, BooleanField) or name in self._formdata)
        field.process(self._formdata if known else None, data)
        return field
