"""What all forms share: French messages, a token whose loss costs no text, and the fields that come back everywhere."""

import re
import unicodedata

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, SelectMultipleField, StringField, TextAreaField
from wtforms.i18n import get_translations
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput

from app.text import one_line, paragraphs

STALE = (
    "Ce formulaire est resté ouvert trop longtemps, ou votre navigateur refuse les cookies. "
    "Rien n’est perdu : vérifiez, puis envoyez-le encore une fois."
)
NAME_SIGNS = " '’ʼ.-‐‑·"
WRONG_EMAIL = "Écrivez une adresse électronique complète, par exemple prenom.nom@exemple.fr."


class Form(FlaskForm):
    """A form whose messages are in French. A token that is missing or too old is one more thing to correct: the form
    comes back with what was typed and a fresh token."""

    wait = 0

    class Meta(FlaskForm.Meta):
        def get_translations(self, form):
            return get_translations(["fr_FR", "fr"])

    def validate(self, extra_validators=None) -> bool:
        """Return whether all is right; `stale` is the sentence about the token otherwise."""
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
