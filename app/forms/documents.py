"""A document, as its author writes it."""

from wtforms import BooleanField, RadioField, SelectChoice, TextAreaField
from wtforms.validators import ValidationError

from app.forms.publications import PublicationForm
from app.labels import WAYS_OF_WRITING
from app.markup import check, check_parts
from app.models import Document
from app.text import paragraphs

LOST = (
    "La description s’écrit maintenant à plusieurs, sur sa propre page : ce texte n’y est pas. Copiez ce dont vous "
    "avez besoin, puis collez-le là-bas. Le reste du formulaire est encore là : envoyez-le encore une fois."
)


def is_together(value) -> bool:
    """Read the choice of who writes: a word of `labels.WAYS_OF_WRITING`, or what a column holds."""
    return value in (True, "together")


class DocumentForm(PublicationForm):
    """A document. The description of one that several people write is no part of the form once it is published: each of
    them, its author too, writes it on a page of its own (`is_written_apart`)."""

    columns = (*PublicationForm.columns, "is_charter", "is_collaborative", "groups_write")
    is_written_apart = False
    comes_late = False  # it was opened before the description was written by several people, and brings another one

    is_collaborative = RadioField(
        "Qui écrit la description ?", coerce=is_together, default=False,
        description="Les autres pourront écrire dès que le document sera publié. Vous pourrez changer d’avis.",
        choices=[SelectChoice(*pair) for pair in WAYS_OF_WRITING.items()],
    )  # fmt: skip
    groups_write = BooleanField(
        "Les membres des groupes choisis peuvent écrire aussi",
        description="Seulement pour un document collaboratif. Ils verront aussi les anciennes versions.",
    )
    is_charter = BooleanField(
        "C’est la charte de notre conseil", description="Elle a sa place sur la fiche du conseil. Il n’y en a qu’une."
    )
    lost = TextAreaField(
        "Votre texte, à copier", default="", filters=[paragraphs], render_kw={"readonly": True, "rows": 12}
    )

    def __init__(self, item: Document | None, **options):
        super().__init__(item, **options)
        if item is not None and item.published_at is not None:
            self.is_collaborative.description = "Vous pourrez changer d’avis."
            if item.is_collaborative:
                self.write_apart(item.description)

    @property
    def lets_groups_write(self) -> bool:
        """Whether the members of the groups that it opens to are to write it too."""
        return bool(self.is_collaborative.data and self.groups_write.data and self.chosen_groups)

    @property
    def opening(self) -> str:
        """The level and the groups as one word, and whether they write."""
        return super().opening + "-ecrire" * self.lets_groups_write

    def write_apart(self, known: str) -> None:
        """Leave the description to its own page. What this form brings of it is shown, to be copied, unless it is what
        is `known`."""
        typed = self.description.data
        del self.description
        self.is_written_apart = True
        if typed not in ("", known):
            self.lost.data, self.comes_late = typed, self.is_submitted()
            self.is_collaborative.data = True  # whoever wrote it could not know

    def come_late(self, known: str) -> None:
        """Do so when it turns out at the last moment, and say it."""
        self.write_apart(known)
        self.lost.errors = [LOST]

    def check_text(self, text: str) -> None:
        """Raise `TextTooComplex` of what could not be rendered: what several people write may be longer."""
        (check_parts if self.is_collaborative.data else check)(text)

    def validate_lost(self, field):
        """Save nothing before a text that has lost its place was seen."""
        if self.comes_late:
            raise ValidationError(LOST)
