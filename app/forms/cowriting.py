"""Writing a text with others: the text, or one of its parts; and the choices where two have written the same place."""

import secrets
from collections.abc import Sequence

from wtforms import HiddenField, RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from app.forms.base import Form, text_field
from app.markup import TextTooComplex, check_parts
from app.text import one_line, paragraphs, tables, unbroken

EMPTY = "Ce texte est vide. Écrivez quelque chose, ou revenez au document sans enregistrer."
WRITTEN = "Vous avez écrit dans le cadre : choisissez « Écrire autrement », ou remettez le cadre comme il était."
ANSWERS = {
    "both": "Garder les deux : les deux phrases, l’une après l’autre",
    "mine": "Garder le vôtre",
    "theirs": "Garder celui qui est enregistré",
    "anew": "Écrire autrement, dans le cadre plus bas",
}
THAT_OF = "Garder celui {}"
QUESTION = "Que faut-il garder ?"
FRAME = "Le paragraphe entier, à récrire"
ROW, FEWEST, MOST = 40, 3, 14  # signs in a row of a frame on a telephone; rows


def _is_fit(form, field):
    """Refuse a text that cannot be laid out."""
    try:
        check_parts(field.data)
    except TextTooComplex as error:
        raise ValidationError(str(error)) from None


def _hidden():
    return HiddenField(filters=[one_line], default="", validators=[Length(max=200)])


def read_number(text: str) -> int | None:
    """Return the number that a hidden field holds; None of anything else, or of one that no database counts to."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


class WritingForm(Form):
    """The text of a document, or of one of its parts, and what it started from: the version `base`, and there the part
    with this number and title. `side`: the text put aside that this settles."""

    key = _hidden()
    base = _hidden()
    part = _hidden()
    title = _hidden()
    side = _hidden()
    description = TextAreaField(
        "Description", default="", filters=[tables, paragraphs], validators=[_is_fit], render_kw={"rows": 20}
    )
    comment = text_field(
        "Ce que vous changez, en quelques mots", most=200,
        description="Facultatif. Les autres le liront dans la liste des versions.",
    )  # fmt: skip
    act = StringField(default="save")

    asides = ()  # what its writer has previewed and not saved, which the page offers
    shown = plan = None  # the parts of a preview, and what saving it would bring

    def open(self, text: str, *, base: int, part: int | None = None, title: str = "", side: int | None = None) -> None:
        """Show a text that nobody has changed yet."""
        self.key.data, self.description.data, self.base.data = secrets.token_hex(16), text, str(base)
        self.part.data, self.title.data = "" if part is None else str(part), one_line(title)
        self.side.data = str(side or "")

    @property
    def base_number(self) -> int:
        """The version that it started from; 0 where nobody knows."""
        return read_number(self.base.data) or 0

    @property
    def part_number(self) -> int | None:
        """The part that is written; None: the whole text."""
        return read_number(self.part.data)

    @property
    def side_id(self) -> int | None:
        """The text put aside that this settles."""
        return read_number(self.side.data)

    def validate_description(self, field):
        """Ask for a text; a part may be emptied, to take it out."""
        if not field.data and self.part_number is None:
            raise ValidationError(EMPTY)


class SettlingForm(Form):
    """What is kept of each place that two have written. `newest`: the version that it was compared with."""

    newest = _hidden()

    @property
    def number(self) -> int:
        """The version that it was compared with; 0 where nobody knows."""
        return read_number(self.newest.data) or 0

    @property
    def places(self) -> list[tuple[RadioField, TextAreaField]]:
        """The fields of each place: the choice, and what may be written anew."""
        return [(self[name], self[f"own_{name}"]) for name in self._fields if name.startswith("place_")]

    @property
    def answers(self) -> list[tuple[str, str]]:
        """What was chosen for each place, and what was written anew there."""
        return [(choice.data, own.data) for choice, own in self.places]

    def validate(self, extra_validators=None) -> bool:
        """Return whether each place has its answer, and nothing that was written would be lost."""
        valid = super().validate(extra_validators)
        for choice, own in self.places:
            if choice.data not in ANSWERS:
                choice.errors = ["Choisissez ce qu’il faut garder."]
            elif choice.data != "anew" and own.data != own.shown:
                choice.errors = [WRITTEN]
            valid = valid and not choice.errors
        return valid


class OwnField(TextAreaField):
    """A text written anew, `shown` before anybody changes it, in a frame that it fits in."""

    def __init__(self, *args, shown="", **options):
        self.shown = paragraphs(shown)
        rows = sum(1 + len(line) // ROW for line in self.shown.split("\n"))
        keywords = {"rows": min(max(rows + 1, FEWEST), MOST)}
        super().__init__(*args, default=shown, filters=[paragraphs], render_kw=keywords, **options)


def settling_form(owns: Sequence[str], newest: int, writer: str = "", **options) -> SettlingForm:
    """Return the form that settles conflicts with the version `newest`; `owns`: what was sent for each of them;
    `writer`: the name of who sent it, with its « de », unless it is who settles."""
    answers = ANSWERS | ({"mine": THAT_OF.format(writer)} if writer else {})
    fields = {}
    for number, shown in enumerate(owns, start=1):
        choices = [SelectChoice(*pair) for pair in answers.items()]
        labels = QUESTION, FRAME
        if len(owns) > 1:
            labels = (f"Passage n° {number} : {label[0].lower()}{label[1:]}" for label in labels)
        question, frame = map(unbroken, labels)
        fields[f"place_{number}"] = RadioField(question, choices=choices, validate_choice=False)
        fields[f"own_place_{number}"] = OwnField(frame, shown=shown)
    form = type("PlacesForm", (SettlingForm,), fields)(**options)
    form.newest.data = str(newest)
    return form
