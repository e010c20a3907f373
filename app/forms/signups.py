"""The sign-up of a council's member, and what can be corrected of it."""

import re
from functools import cache
from pathlib import Path

from wtforms import BooleanField, RadioField, SelectChoice, StringField, TelField
from wtforms.validators import InputRequired, Length, ValidationError

from app import passwords
from app.forms.base import Form, OpenForm, area_field, email_field, name_field, password_field
from app.labels import COLLEGE
from app.models import Council
from app.phone import InvalidNumber, display, parse_mobile
from app.text import one_line

HASTY = "Relisez, retapez votre mot de passe, puis envoyez encore une fois."
AGAIN = "Retapez votre mot de passe : par sécurité, il ne revient pas avec le reste."
EXAMPLE = "mon chat dort sous la lampe"
COPIED = "Cet exemple est connu de tous : choisissez d’autres mots."
DISPOSABLE = (
    "Cette adresse est jetable : elle disparaît vite. Donnez une adresse que vous garderez, par exemple celle de "
    "votre messagerie habituelle."
)
CHOOSE_COLLEGE = "Choisissez votre collège."
NO_NUMBER = "Indiquez votre numéro de mobile pour recevoir des SMS, ou décochez la case des SMS."
ENDS = "com|fr|net|org|info|eu|io|ru|xyz|top|shop|site|link|click"
ADDRESS = re.compile(rf"://|\bwww\.|\w@\w|\w\.({ENDS})\b", re.IGNORECASE)
NO_ADDRESS = "Enlevez les adresses de sites et de messagerie : écrivez seulement quelques mots sur vous."
DOMAINS = Path(__file__).parents[1] / "data" / "disposable_domains.txt"


def mailbox(email: str) -> str:
    """Return what counts as one mailbox: « A.B+c@gmail.com » is « ab@gmail.com »."""
    name, _, domain = email.strip().lower().rpartition("@")
    name = name.partition("+")[0] or name
    if domain in ("gmail.com", "googlemail.com"):
        return f"{name.replace('.', '')}@gmail.com"
    return f"{name}@{domain}"


def is_disposable(email: str) -> bool:
    """Tell whether an address is of a service that throws mail away after some minutes."""
    parts = email.strip().lower().rpartition("@")[2].split(".")
    return any(".".join(parts[start:]) in _disposable() for start in range(len(parts) - 1))


@cache
def _disposable():
    lines = DOMAINS.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def college_field() -> RadioField:
    """Return the choice of the college, where nothing is chosen yet."""
    return RadioField(
        "Votre collège dans le conseil",
        choices=[SelectChoice(value, words) for value, words in COLLEGE.items()],
        validators=[InputRequired(CHOOSE_COLLEGE)],
        invalid_choice_message=CHOOSE_COLLEGE,
    )


def words_field() -> StringField:
    """Return the field of a few words for those who validate the sign-up."""
    return area_field(
        "Qui êtes-vous dans le conseil ?",
        required="Écrivez quelques mots, pour que les autres membres vous reconnaissent.",
        most=1000,
        rows=4,
        description="Quelques mots pour les autres membres, qui valideront votre inscription. Par exemple : "
        "« J’habite rue des Lilas, je viens aux réunions depuis janvier. »",
    )


def phone_field() -> TelField:
    """Return the field of a mobile number, which may stay empty."""
    return TelField(
        "Téléphone mobile (facultatif)",
        default="",
        filters=[one_line],
        description="Par exemple 06 12 34 56 78. Les autres membres ne le voient pas.",
        validators=[Length(max=40, message="Ce numéro est trop long : écrivez par exemple 06 12 34 56 78.")],
        render_kw={"autocomplete": "tel", "maxlength": 40},
    )


class PersonChecks:
    """What is checked in both forms. `department` is the code of the council's, which a number may depend on."""

    department: str | None = None
    mobile: str | None = None  # the number, once it is read

    def place_in(self, council: Council | None) -> None:
        """Say which council the person is of."""
        self.department = council.department.code if council and council.department else None

    def validate_words(self, field):
        """Refuse addresses: the site sends these words of a stranger to all members of a council."""
        if ADDRESS.search(field.data):
            raise ValidationError(NO_ADDRESS)

    def validate_phone(self, field):
        """Read the number, if there is one."""
        self.mobile = None
        if field.data and not field.errors:
            try:
                self.mobile = parse_mobile(field.data, self.department)
            except InvalidNumber as error:
                raise ValidationError(str(error)) from error


class SignUpForm(PersonChecks, OpenForm):
    """All that a sign-up asks."""

    hasty = HASTY

    first_name = name_field("Prénom", "votre prénom", render_kw={"autocomplete": "given-name"})
    last_name = name_field("Nom", "votre nom", render_kw={"autocomplete": "family-name"})
    email = email_field(description="Nous y envoyons un courriel pour vérifier qu’elle est bien à vous.")
    password = password_field(
        "Mot de passe",
        required="Choisissez un mot de passe.",
        autocomplete="new-password",
        description=f"{passwords.SHORTEST} caractères au moins. Quelques mots font l’affaire, par exemple « {EXAMPLE} »"
        " (choisissez-en d’autres). Notez-le, ou laissez votre téléphone le retenir.",
    )
    college = college_field()
    words = words_field()
    phone = phone_field()
    by_sms = BooleanField(
        "Recevoir des alertes par SMS",
        description="Nouveaux documents, actions et événements de votre conseil, et rappel le matin d’un événement. "
        "Votre numéro sera d’abord vérifié, dans votre profil.",
    )
    letter = BooleanField("Recevoir la lettre d’information mensuelle", description="Un courriel par mois.")

    def validate_email(self, field):
        """Refuse mailboxes that are thrown away."""
        if not field.errors and is_disposable(field.data):
            raise ValidationError(DISPOSABLE)

    def validate_password(self, field):
        """Refuse what is short, common, like the name, or our own example."""
        known = (self.first_name.data, self.last_name.data, self.email.data)
        why = COPIED if field.data == EXAMPLE else passwords.objection(field.data, known)
        if why:
            raise ValidationError(why)

    def validate_by_sms(self, field):
        """Ask for the number that SMS go to; said where it is missing."""
        if field.data and not self.phone.data:
            self.phone.errors = [NO_NUMBER]

    def validate(self, extra_validators=None) -> bool:
        """Return whether all is right, and slow enough to come from a person."""
        valid = super().validate(extra_validators) and not self.phone.errors
        if not valid and not self.form_errors and not self.password.errors:
            self.password.errors = [AGAIN]
        return valid


class CorrectionForm(PersonChecks, Form):
    """What somebody whose sign-up waits may change of it."""

    first_name = name_field("Prénom", "votre prénom", render_kw={"autocomplete": "given-name"})
    last_name = name_field("Nom", "votre nom", render_kw={"autocomplete": "family-name"})
    college = college_field()
    words = words_field()
    phone = phone_field()


def shown_number(phone: str | None) -> str:
    """Return a number as it stands in a form."""
    return display(phone) if phone else ""
