"""What a person says of themselves, and what they want to be told."""

import re

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField
from wtforms.validators import ValidationError

from app.forms.base import Form, area_field, email_field, name_field, password_field, text_field
from app.labels import TEXTED, AlertTopic, Rhythm
from app.models import User
from app.phone import InvalidNumber, parse_mobile
from app.text import one_line

MAILED = (
    SelectChoice(Rhythm.NOW, "m’écrire tout de suite"),
    SelectChoice(Rhythm.DAILY, "m’écrire une fois par jour"),
    SelectChoice(Rhythm.WEEKLY, "m’écrire une fois par semaine"),
    SelectChoice(Rhythm.NEVER, "ne pas m’écrire"),
)
ACCEPTED = "image/jpeg,image/png,image/webp,image/gif"  # asked for by name, an iPhone converts its HEIC by itself
BY_SMS = "Et m’envoyer un SMS pour chaque {}"
OF_THE_COUNCIL = (AlertTopic.DOCUMENT, AlertTopic.ACTION, AlertTopic.EVENT)
CHOOSE_AGAIN = "Choisissez votre photo encore une fois : le reste était à corriger, et le navigateur ne la garde pas."


OF_EVENTS = (
    "Les événements de votre conseil, ceux que ses groupes partagent, et ceux de votre référent local. Une annulation "
    "est dite tout de suite, sauf si vous choisissez « ne pas m’écrire ». Si vous avez une place, vous êtes toujours "
    "au courant de ce qui change."
)
OF_DISCUSSIONS = "Ce que vous suivez dans le forum, et les nouveaux sujets de vos groupes de travail."
OF_REMINDERS = "Les événements de votre conseil, et ceux où vous avez une place."


def _rhythm(when, description=""):
    return SelectField(when, description=description, choices=list(MAILED))  # one is always chosen: nothing to require


class ProfileForm(Form):
    """The whole profile. The fields of a council are there for those who have one, those of SMS for those whose
    number is confirmed; what is not asked stays as it is. `letter_shown`: whether the box of the letter was ticked as
    the page opened; a link in a mail may have changed it since, and what somebody did not touch stays as it is."""

    first_name = name_field("Prénom", "votre prénom", render_kw={"autocomplete": "given-name"})
    last_name = name_field("Nom", "votre nom", render_kw={"autocomplete": "family-name"})
    presentation = area_field(
        "Qui êtes-vous ?", most=1000, description="Quelques mots pour les membres des conseils. Facultatif."
    )
    photo = FileField(
        "Votre photo",
        description="Facultatif. Une image de votre téléphone ou de votre ordinateur ; le site la recadre en carré.",
        render_kw={"accept": ACCEPTED},
    )
    no_photo = BooleanField("Retirer ma photo")
    document = _rhythm("Quand un document est publié dans mon conseil")
    document_sms = BooleanField(BY_SMS.format("document"))
    action = _rhythm("Quand une action est publiée dans mon conseil")
    action_sms = BooleanField(BY_SMS.format("action"))
    event = _rhythm("Quand un événement est annoncé, changé ou annulé", OF_EVENTS)
    event_sms = BooleanField(BY_SMS.format("événement"))
    forum = _rhythm("Discussions que je suis : nouveaux sujets et réponses", OF_DISCUSSIONS)
    follows_own_topics = BooleanField("Suivre les sujets où j’écris")
    reminder = BooleanField("M’écrire le matin d’un événement, pour me le rappeler", description=OF_REMINDERS)
    reminder_sms = BooleanField("M’envoyer aussi ce rappel par SMS")
    letter = BooleanField(
        "Recevoir la lettre d’information mensuelle",
        description="Un courriel par mois. Cochez pour la recevoir de nouveau, si vous l’aviez arrêtée.",
    )
    letter_shown = HiddenField(default="")
    pause = BooleanField(
        "Mettre en pause toutes les alertes",
        description="Rien de ce qui est choisi plus haut n’arrive, jusqu’à ce que vous décochiez cette case. Les "
        "courriels sur votre compte arrivent toujours.",
    )

    def __init__(self, user: User, choices: dict, gets_letter: bool):
        letter = {"letter": gets_letter, "letter_shown": "y" if gets_letter else ""}
        super().__init__(data=_kept(user, choices) | letter)
        if not user.phone_confirmed_at:
            self._drop(f"{topic}_sms" for topic in TEXTED)
        if not user.council_id:
            self._drop(name for topic in OF_THE_COUNCIL for name in (topic, f"{topic}_sms"))
        if not user.photo_id:
            self._drop(["no_photo"])

    def _drop(self, names):
        for name in names:
            if name in self:
                del self[name]

    def validate(self, extra_validators=None) -> bool:
        """Say that a photo is to be chosen anew where something else was wrong."""
        valid = super().validate(extra_validators)
        if not valid and self.photo.data:
            self.refuse_photo(CHOOSE_AGAIN)
        return valid

    def refuse_photo(self, sentence: str) -> None:
        """Say what is wrong with the photo, once it was looked at."""
        self.photo.errors = [sentence]

    @property
    def words(self) -> dict:
        """What goes into the profile itself."""
        names = ("first_name", "last_name", "presentation", "pause", "follows_own_topics")
        is_touched = self.letter.data != bool(self.letter_shown.data)
        return {name: self[name].data for name in names} | {"letter": self.letter.data if is_touched else None}

    @property
    def choices(self) -> dict[AlertTopic, tuple[Rhythm, bool | None]]:
        """The rhythm of each topic that was asked, and whether an SMS comes too; None where that was not asked."""
        asked = (topic for topic in AlertTopic if topic in self)
        return {topic: (self._rhythm_of(topic), self._by_sms(topic)) for topic in asked}

    def _rhythm_of(self, topic):
        if topic == AlertTopic.REMINDER:
            return Rhythm.NOW if self.reminder.data else Rhythm.NEVER
        return Rhythm(self[topic].data)

    def _by_sms(self, topic):
        return self[f"{topic}_sms"].data if f"{topic}_sms" in self else None


def _kept(user, choices):
    """Return what the form shows before anybody changes it."""
    shown = {
        "first_name": user.first_name, "last_name": user.last_name, "presentation": user.presentation,
        "pause": user.alerts_paused_at is not None, "follows_own_topics": user.follows_own_topics,
    }  # fmt: skip
    for topic, choice in choices.items():
        is_box = topic == AlertTopic.REMINDER
        shown |= {topic: choice.rhythm != Rhythm.NEVER if is_box else choice.rhythm, f"{topic}_sms": choice.by_sms}
    return shown


class EmailForm(Form):
    """The new address, and the password as a proof."""

    email = email_field("Nouvelle adresse électronique")
    password = password_field(
        "Votre mot de passe", required="Tapez votre mot de passe.", autocomplete="current-password"
    )

    def __init__(self, user: User):
        super().__init__()
        self.user = user

    def validate_email(self, field):
        """Refuse the address that they have."""
        if field.data.lower() == self.user.email:
            raise ValidationError("C’est déjà votre adresse : écrivez la nouvelle.")


class PhoneForm(Form):
    """A mobile number, read as it is written in a `department`."""

    phone = StringField(
        "Numéro de mobile", default="", filters=[one_line],
        render_kw={"type": "tel", "autocomplete": "tel", "maxlength": 40},
    )  # fmt: skip

    def __init__(self, department: str | None, **options):
        super().__init__(**options)
        self.department, self.number = department, ""

    def validate_phone(self, field):
        """Keep the number as it is dialled from anywhere."""
        try:
            self.number = parse_mobile(field.data, self.department)
        except InvalidNumber as error:
            raise ValidationError(str(error)) from None


class CodeForm(Form):
    """The six digits that came by SMS, with whatever blanks they were copied with."""

    code = text_field(
        "Code reçu par SMS", required="Tapez les six chiffres du SMS.", most=40,
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code"},
    )  # fmt: skip

    def validate_code(self, field):
        """Take six digits, and nothing else."""
        digits = re.sub(r"[\s.\-]", "", field.data)
        if not re.fullmatch(r"[0-9]{6}", digits):
            raise ValidationError("Le code a six chiffres : tapez-les comme dans le SMS.")
        self.digits = digits
