"""What those who register for an event are asked."""

from wtforms import EmailField, TelField
from wtforms.validators import Email, Length, Optional, ValidationError

from app.forms.base import WRONG_EMAIL, Form, OpenForm, name_field, text_field
from app.forms.signups import DISPOSABLE, is_disposable
from app.labels import QUESTION, Question
from app.models import Event
from app.phone import InvalidNumber, parse_mobile
from app.text import one_line

NO_WAY = "Donnez une adresse électronique ou un numéro de mobile : nous en avons besoin pour vous répondre."
OPTIONAL = " (facultatif)"


def question_field(code: Question):
    """Return the field of one of the questions that organisers often ask."""
    return text_field(QUESTION[code] + OPTIONAL, most=200)


class AnswersForm(Form):
    """The questions of an event. Nobody has to answer: the organiser would rather know who comes."""

    organisation = question_field(Question.ORGANISATION)
    diet = question_field(Question.DIET)
    access = question_field(Question.ACCESS)
    children = question_field(Question.CHILDREN)
    own = text_field("", most=200)

    def ask(self, event: Event) -> None:
        """Leave the questions of this event alone. Call it once the form is made."""
        self.asked = event.asked
        for code in (*Question, "own"):
            if code not in self.asked:
                del self[code]
        if "own" in self.asked:
            self.own.label.text = event.own_question + OPTIONAL

    @property
    def answers(self) -> dict[str, str]:
        """What was answered, by the code of the question."""
        return {code: self[code].data for code in self.asked if self[code].data}


class VisitorForm(AnswersForm, OpenForm):
    """What is asked of somebody without an account: who they are, and where they read or hear what becomes of it."""

    hasty = "C’était très rapide : relisez, puis envoyez encore une fois."

    name = name_field("Prénom et nom", "votre prénom et votre nom", render_kw={"autocomplete": "name"})
    email = EmailField(
        "Adresse électronique", default="", filters=[one_line],
        description="Nous y envoyons un lien, pour confirmer.",
        validators=[Optional(), Email(WRONG_EMAIL), Length(max=254, message=WRONG_EMAIL)],
        render_kw={"autocomplete": "email", "maxlength": 254, "spellcheck": "false", "autocapitalize": "none"},
    )  # fmt: skip
    phone = TelField(
        "Ou votre numéro de mobile", default="", filters=[one_line],
        description="Par exemple 06 12 34 56 78. Sans adresse électronique, nous y envoyons un code par SMS.",
        validators=[Length(max=40, message="Ce numéro est trop long : écrivez par exemple 06 12 34 56 78.")],
        render_kw={"autocomplete": "tel", "maxlength": 40},
    )  # fmt: skip

    department: str | None = None  # the code of the one where it takes place, which a number may depend on
    mobile = ""  # the number, once it is read

    def ask(self, event: Event) -> None:
        """Ask what this event asks."""
        super().ask(event)
        self.department = event.department_code

    def validate_email(self, field):
        """Refuse mailboxes that are thrown away."""
        if field.data and not field.errors and is_disposable(field.data):
            raise ValidationError(DISPOSABLE)

    def validate_phone(self, field):
        """Read the number; without an address there must be one."""
        self.mobile = ""
        if not field.data and not self.email.data:
            self.email.errors = [NO_WAY]
        elif field.data and not field.errors:
            try:
                self.mobile = parse_mobile(field.data, self.department)
            except InvalidNumber as error:
                raise ValidationError(str(error)) from error

    def validate(self, extra_validators=None) -> bool:
        """Return whether all is right."""
        return super().validate(extra_validators) and not self.email.errors
