"""What all forms share: French messages, a token whose loss costs no text, and the fields that come back everywhere."""

import re
import unicodedata
from datetime import UTC, date, datetime, time

from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.i18n import get_translations
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput

from app.markup import TextTooComplex, check
from app.signing import BadToken, read, sign
from app.text import one_line, paragraphs

STALE = (
    "Ce formulaire est resté ouvert trop longtemps, ou votre navigateur refuse les cookies. "
    "Rien n’est perdu : vérifiez, puis envoyez-le encore une fois."
)
NAME_SIGNS = " '’ʼ.-‐‑·"
WRONG_DAY = "Écrivez le jour, le mois et l’année, par exemple 25/12/2026."
WRONG_TIME = "Écrivez l’heure et les minutes, par exemple 18 h 30."
FASTEST = 3  # seconds in which nobody reads a form, let alone fills it in
WRONG_EMAIL = "Écrivez une adresse électronique complète, par exemple prenom.nom@exemple.fr."


class Form(FlaskForm):
    """A form whose messages are in French. A token that is missing or too old is one more thing to correct: the form
    comes back with what was typed and a fresh token.

    `was_kept`: what was written when a session ended is brought back, to be read again and sent by its writer; nothing
    is done with it before. It is "files" where files are to be chosen again.
    """

    wait = 0
    was_kept = ""
    check_text = staticmethod(check)  # the limits of its texts in Markdown

    class Meta(FlaskForm.Meta):
        def get_translations(self, form):
            return get_translations(["fr_FR", "fr"])

    def process(self, formdata=None, *args, **options):
        """Fill the fields; notice what is brought back."""
        formdata = self.meta.wrap_formdata(self, formdata)
        self.was_kept = formdata.get("resumed", "") if formdata else ""
        super().process(formdata, *args, **options)

    def validate_on_submit(self, extra_validators=None) -> bool:
        """Return whether there is something to do, and all is right."""
        return not self.was_kept and super().validate_on_submit(extra_validators)

    def validate(self, extra_validators=None) -> bool:
        """Return whether all is right; `STALE` is the sentence about the token otherwise."""
        if self.was_kept:
            return False
        valid = super().validate(extra_validators)
        if "csrf_token" in self and self.csrf_token.errors:
            self.csrf_token.errors = [STALE]
        return valid

    def refuse(self, sentence: str, *, wait: int = 0) -> None:
        """Say what is wrong with the whole. `wait`: the seconds before one may try again."""
        self.form_errors.append(sentence)
        self.wait = wait

    @property
    def outcome(self) -> tuple[int, dict]:
        """The status and the headers of the page that shows this form."""
        if self.wait:
            return 429, {"Retry-After": str(self.wait)}
        return 422 if self.errors else 200, {}


class ActForm(Form):
    """A button that changes something: nothing but the token."""


class OpenForm(Form):
    """A form that anybody may send, without an account: it is not for machines. `stamp` says when it was shown;
    `remarque` is filled in by machines alone. `hasty`: what somebody is told who was too quick."""

    hasty = "Relisez, puis envoyez encore une fois."

    remarque = StringField(
        "Laissez ce champ vide", default="", render_kw={"tabindex": "-1", "autocomplete": "off", "maxlength": 200}
    )
    stamp = HiddenField(default=lambda: new_stamp())

    def validate(self, extra_validators=None) -> bool:
        """Return whether all is right, and slow enough to come from a person."""
        valid = super().validate(extra_validators)
        if valid and self._is_hasty():
            self.refuse(self.hasty)
            return False
        return valid

    @property
    def is_of_a_machine(self) -> bool:
        """Whether the field that people do not see was filled in."""
        return bool(self.remarque.data)

    def _is_hasty(self):
        try:
            return datetime.now(UTC).timestamp() - read("form", self.stamp.data) < FASTEST
        except (BadToken, TypeError):
            self.stamp.data = new_stamp()
            return True


def new_stamp() -> str:
    """Return what says, signed, that a form was shown now."""
    return sign("form", datetime.now(UTC).timestamp())


class CheckboxesField(SelectMultipleField):
    """Several choices, each with its box: a list that asks for a key held down is beyond many."""

    option_widget = CheckboxInput()


def text_field(label: str, *, required: str = "", most: int, many: str = "", checks=(), **options) -> StringField:
    """Return a one-line field of at most `most` characters; `required` is the sentence when it is left empty."""
    keywords = {"maxlength": most} | options.pop("render_kw", {})
    validators = [DataRequired(required)] if required else []
    validators += [Length(max=most, message=many or f"Écrivez {most} caractères au plus."), *checks]
    return StringField(label, default="", filters=[one_line], validators=validators, render_kw=keywords, **options)


def is_name(text: str) -> bool:
    """Tell whether a text can be somebody's name: letters of any alphabet, and what stands between them.

    The rest is refused because names go into mails: an address in one would make the site carry advertisement.
    """
    signs = [sign for sign in text if sign not in NAME_SIGNS]
    return bool(signs) and all(unicodedata.category(s)[0] in "LM" for s in signs) and not re.search(r"\.\w\w", text)


def name_field(label: str, words: str, *, is_required: bool = True, **options) -> StringField:
    """Return the field of a first or last name; `words` name it in its sentences: « votre prénom »."""

    def check(form, field):
        if not is_name(field.data):
            raise ValidationError(f"Écrivez seulement {words}, en lettres.")

    checks = [check] if is_required else [Optional(), check]
    return text_field(label, required=f"Écrivez {words}." if is_required else "", most=80, checks=checks, **options)


def area_field(label: str, *, required: str = "", most: int, rows: int = 5, **options) -> TextAreaField:
    """Return a field of several lines and at most `most` characters; `required` is the sentence when it is empty."""
    keywords = {"maxlength": most, "rows": rows} | options.pop("render_kw", {})
    validators = [DataRequired(required)] if required else []
    validators.append(Length(max=most, message=f"Écrivez {most} caractères au plus : raccourcissez ce texte."))
    return TextAreaField(label, default="", filters=[paragraphs], validators=validators, render_kw=keywords, **options)


def _is_fit(form, field):
    """Refuse a text that cannot be rendered."""
    try:
        form.check_text(field.data)
    except TextTooComplex as error:
        raise ValidationError(str(error)) from None


def markdown_field(label: str, *, rows: int = 6, **options) -> TextAreaField:
    """Return a field of a long text in Markdown. Browsers cut off without a word what is over a `maxlength`: none."""
    shape = {"filters": [paragraphs], "validators": [_is_fit], "render_kw": {"rows": rows}}
    return TextAreaField(label, default="", **shape, **options)


def email_field(label: str = "Adresse électronique", **options) -> EmailField:
    """Return the field of a mail address. Whether it exists shows when the mail arrives."""
    keywords = {"autocomplete": "email", "maxlength": 254, "spellcheck": "false", "autocapitalize": "none"}
    validators = [InputRequired(WRONG_EMAIL), Email(WRONG_EMAIL), Length(max=254, message=WRONG_EMAIL)]
    keywords |= options.pop("render_kw", {})
    return EmailField(label, default="", filters=[one_line], validators=validators, render_kw=keywords, **options)


def password_field(label: str, *, required: str, autocomplete: str, **options) -> PasswordField:
    """Return the field of a password, which password managers may fill in. It never comes back with what was typed."""
    keywords = {"autocomplete": autocomplete}
    return PasswordField(label, validators=[InputRequired(required)], render_kw=keywords, **options)


def number_field(label: str, *, most: int, wrong: str, least: int = 0, **options) -> StringField:
    """Return the field of a whole number between `least` and `most`, or of nothing; `wrong` is its sentence. Its data
    is the text: arrows beside a number change it unseen."""

    def check_number(form, field):
        if not re.fullmatch(r"[0-9]{1,9}", field.data) or not least <= int(field.data) <= most:
            raise ValidationError(wrong)

    keywords = {"inputmode": "numeric", "autocomplete": "off"}
    return text_field(label, most=10, checks=[Optional(), check_number], render_kw=keywords, **options)


def whole_number(field: HiddenField) -> int:
    """Return the number that a hidden field brings back; 0 when it is none of ours."""
    return int(field.data) if field.data.isdecimal() and len(field.data) < 10 else 0


def read_day(text: str) -> date:
    """Return the day that was typed: « 25/12/2026 », « 25.12.26 », or « 2026-12-25 » as browsers send it.

    Raises `ValueError` with a French sentence.
    """
    parts = re.fullmatch(r"(\d{1,4})[ /.\-](\d{1,2})[ /.\-](\d{1,4})", text, re.ASCII)
    numbers = [int(part) for part in parts.groups()] if parts else [0, 0, 0]
    year, month, day = numbers if parts and len(parts[1]) == 4 else numbers[::-1]
    try:
        found = date(year + 2000 if 0 < year < 100 else year, month, day)
    except ValueError:
        raise ValueError(WRONG_DAY) from None
    if not 1900 <= found.year <= 2100:
        raise ValueError("Vérifiez l’année : elle doit être entre 1900 et 2100.")
    return found


def read_time(text: str) -> time:
    """Return the time of day that was typed: « 18:30 », « 18h30 », « 18 h ». Raises `ValueError` with a sentence."""
    parts = re.fullmatch(r"(\d{1,2}) ?(?:[h:.] ?(\d{2})?(?::\d{2}(?:\.\d+)?)?)?", text.lower(), re.ASCII)
    try:
        return time(int(parts[1]), int(parts[2] or 0))
    except (TypeError, ValueError):
        raise ValueError(WRONG_TIME) from None


class DayField(DateField):
    """A day, in French order or from the calendar that the browser shows."""

    def process_formdata(self, valuelist):
        """Read what was typed; nothing is None."""
        text = one_line(" ".join(valuelist or []))
        self.data = None
        self.data = read_day(text) if text else None

    def _value(self):
        # What could be read goes back as browsers want it: an input of a date would show nothing else.
        return self.data.isoformat() if self.data else " ".join(self.raw_data or [])


class ClockField(TimeField):
    """A time of day."""

    def process_formdata(self, valuelist):
        """Read what was typed; nothing is None."""
        text = one_line(" ".join(valuelist or []))
        self.data = None
        self.data = read_time(text) if text else None

    def _value(self):
        return f"{self.data:%H:%M}" if self.data else " ".join(self.raw_data or [])


def date_field(label: str, *, required: str = "", **options) -> DayField:
    """Return the field of a day; its data is a `date`, or None. `required` is the sentence when it is left empty."""
    return DayField(label, validators=[InputRequired(required)] if required else [], **options)


def time_field(label: str, *, required: str = "", **options) -> ClockField:
    """Return the field of a time of day; its data is a `time`, or None."""
    return ClockField(label, validators=[InputRequired(required)] if required else [], **options)
