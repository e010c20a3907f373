"""What the organisers of an event type: people whom they register, letters, the reason why it is cancelled."""

import hashlib
import json
import re
import secrets

from wtforms import BooleanField, EmailField, HiddenField, RadioField, SelectChoice, StringField
from wtforms.validators import Email, Length, Optional, ValidationError

from app.forms.base import WRONG_EMAIL, Form, area_field, is_name, text_field
from app.labels import QUESTION
from app.models import Event
from app.phone import InvalidNumber, parse_mobile
from app.text import one_line

KEY = re.compile("[0-9a-f]{32}")
SAME_NAME = (
    "{} est déjà dans la liste. Rien n’est encore changé. Si c’est une autre personne, du même nom, appuyez encore une "
    "fois sur le bouton, en bas."
)


class KeyedForm(Form):
    """A form that does one thing, be it sent twice: `key` is its own."""

    key = HiddenField(default=lambda: secrets.token_hex(16), filters=[one_line])

    def validate_key(self, field):
        """Draw another one where it was lost."""
        if not KEY.fullmatch(field.data or ""):
            field.data = secrets.token_hex(16)


class PersonForm(KeyedForm):
    """Somebody who registers by word of mouth, or with a bulletin on paper; `answers` follow the event's questions.
    `again`: the name that its writer has been warned of."""

    again = HiddenField(default="", filters=[one_line])

    name = text_field("Prénom et nom", required="Écrivez le prénom et le nom de la personne.", most=170)
    email = EmailField(
        "Adresse électronique", default="", filters=[one_line],
        validators=[Optional(), Email(WRONG_EMAIL), Length(max=254, message=WRONG_EMAIL)],
        description="Facultatif. Le site y envoie ce qu’il faut savoir : sa place, les changements, un rappel.",
        render_kw={"maxlength": 254, "spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"},
    )  # fmt: skip
    phone = text_field(
        "Téléphone mobile", most=30, description="Facultatif. Pour recevoir la même chose par SMS, sans adresse."
    )
    beyond = BooleanField("Lui donner une place même s’il n’y en a plus")

    asked: tuple[str, ...] = ()
    department: str | None = None  # of those who hold it: where the same digits could be of two places
    number = ""  # as the network knows it

    def validate_name(self, field):
        """Refuse what goes into no mail."""
        if not is_name(field.data):
            raise ValidationError("Écrivez seulement le prénom et le nom, en lettres.")

    def validate_phone(self, field):
        """Read a number as people write it."""
        try:
            self.number = parse_mobile(field.data, self.department) if field.data else ""
        except InvalidNumber as error:
            raise ValidationError(str(error)) from None

    @property
    def is_another(self) -> bool:
        """Whether its writer has read that somebody of this name is on the list."""
        return bool(self.again.data) and self.again.data == self.name.data

    def warn(self) -> None:
        """Say once that somebody of this name is on the list."""
        self.again.data = self.name.data
        self.refuse(SAME_NAME.format(self.name.data))

    @property
    def answers(self) -> dict[str, str]:
        """What they said, by the code of the question."""
        said = {code: self[f"answer_{code}"].data for code in self.asked}
        return {code: answer for code, answer in said.items() if answer}


def person_form(event: Event) -> PersonForm:
    """Return the form that registers somebody for this event, with a field for each of its questions."""
    words = {code: event.own_question if code == "own" else QUESTION[code] for code in event.asked}
    fields = {f"answer_{code}": text_field(label, most=300, description="Facultatif.") for code, label in words.items()}
    department = event.council.department if event.council else event.territory
    known = {"asked": tuple(words), "department": department.code if department else None}
    return type("PersonForm", (PersonForm,), fields | known)()


class LetterForm(KeyedForm):
    """A letter to those who registered."""

    seen = HiddenField(default="", filters=[one_line])  # the mark of what was shown before it is sent
    act = StringField(default="preview")
    group = RadioField("À qui ?", default="placed", validate_choice=False)
    subject = text_field("Objet", required="Écrivez l’objet de votre message : quelques mots.", most=120)
    text = area_field("Votre message", required="Écrivez votre message.", most=5000, rows=8)
    reply = text_field(
        "Comment vous joindre ?", most=200,
        description="Par exemple : appelez le centre social au 04 74 00 00 00. Facultatif.",
    )  # fmt: skip

    def offer(self, groups: dict[str, str]) -> None:
        """Let choose among groups that have somebody: their words by name."""
        self.group.choices = [SelectChoice(*pair) for pair in groups.items()]
        if not self.is_submitted():
            self.group.data = next(iter(groups), "")

    @property
    def is_to_send(self) -> bool:
        """Whether its writer has seen this very letter, with how many it reaches, and presses the button."""
        return self.act.data == "send" and self.seen.data == self._mark()

    def note_seen(self) -> None:
        """Remember what is shown now."""
        self.seen.data = self._mark()

    def _mark(self):
        typed = [self[name].data for name in ("group", "subject", "text", "reply")]
        return hashlib.sha256(json.dumps(typed).encode()).hexdigest()[:16]

    def validate_group(self, field):
        """Notice that nobody is left there."""
        if field.data not in [choice.value for choice in field.choices]:
            field.data = field.choices[0].value if field.choices else ""
            raise ValidationError("Il n’y a plus personne dans ce choix : relisez à qui vous écrivez.")


class CancelForm(Form):
    """Why an event does not take place."""

    reason = area_field(
        "Pourquoi ?", most=500, rows=3,
        required="Écrivez pourquoi, en une phrase : les personnes qui comptaient venir la liront.",
        description="Par exemple : la salle n’est plus disponible. Cette phrase est montrée à tous les lecteurs.",
    )  # fmt: skip
