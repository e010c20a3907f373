"""The letter as the animator arranges it: its words, when it leaves, and on which day of the month it is drafted."""

from datetime import datetime, time
from zlib import crc32

from wtforms import HiddenField
from wtforms.validators import Optional, ValidationError

from app.forms.base import Form, area_field, date_field, markdown_field, number_field, text_field, time_field
from app.forms.fiche import is_web
from app.localtime import at
from app.models import NewsletterIssue
from app.models.types import utcnow
from app.notifications.newsletter import LONGEST_INTRODUCTION
from app.templating import number
from app.text import one_line

PARIS = "Europe/Paris"
MORNING = time(8)
LAST_DAY = 28  # every month has it
WRONG_ADDRESS = "Écrivez une adresse complète, qui commence par https:// : copiez-la depuis votre navigateur."
WRONG_NUMBER = f"Écrivez un jour, de 1 à {LAST_DAY}."
CHANGED = (
    "Quelqu’un d’autre a changé la lettre au même endroit pendant que vous écriviez. Rien n’est perdu : votre texte "
    "est dans le formulaire, le sien est affiché ci-dessous. Corrigez, puis enregistrez encore une fois : votre texte "
    "remplacera le sien."
)
AN_ADDRESS = {"inputmode": "url", "spellcheck": "false", "autocapitalize": "none"}


def _check_address(form, field):
    if not is_web(field.data):
        raise ValidationError(WRONG_ADDRESS)


def _address_field(label):
    return text_field(label, most=500, checks=[Optional(), _check_address], render_kw=AN_ADDRESS,
                      description="Facultatif. Elle commence par https://.")  # fmt: skip


class IssueForm(Form):
    """An issue: its own words, those of its items (`make_form` adds their fields), and a brief to be added to it.

    `base` holds a digest of what each field said when the page was shown, so that two animators who write at once both
    keep what they wrote, but where they changed the same field.
    """

    base = HiddenField(default="", filters=[one_line])
    subject = text_field("Objet du courriel", required="Écrivez l’objet de la lettre.", most=78)
    introduction = markdown_field("Un mot de l’animatrice", rows=6)
    brief_title = text_field("Titre de la brève", most=200)
    brief_text = area_field("Texte de la brève", most=1000, rows=3, description="Facultatif.")
    brief_address = _address_field("Adresse d’une page")
    q = text_field("Chercher un article ou une publication", most=100)

    changed: tuple = ()  # what somebody else saved meanwhile: labels and texts

    def validate_introduction(self, field):
        """Refuse what mails would cut."""
        if (length := len(field.data)) > LONGEST_INTRODUCTION:
            raise ValidationError(
                f"Ce mot est trop long pour un courriel : {number(length)} caractères. Écrivez-en "
                f"{number(LONGEST_INTRODUCTION)} au plus, et donnez le reste dans un article."
            )

    def validate_brief_title(self, field):
        """Ask for the title of a brief of which there is something else."""
        if not field.data and (self.brief_text.data or self.brief_address.data):
            raise ValidationError("Écrivez le titre de la brève.")

    @property
    def brief(self) -> tuple[str, str, str] | None:
        """The title, text and address of the brief to add; None when none was written."""
        return (self.brief_title.data, self.brief_text.data, self.brief_address.data) if self.brief_title.data else None

    @property
    def texts(self) -> list[str]:
        """What somebody may have written, to be copied when it cannot be saved."""
        mine, base = [], self._base()
        for name in _saved(self.issue):
            if _digest(self[name].data) != base.get(name):
                mine.append(self[name].data)
        return [*mine, *(self.brief or ())]

    def merge(self, issue: NewsletterIssue) -> tuple[dict, dict[int, dict]] | None:
        """Return what to change of an issue as it is now: its columns, and those of its items by their ids.

        None when somebody else changed the same fields meanwhile: then the form says so, and sent again it overwrites
        them.
        """
        base, saved = self._base(), _saved(issue)
        mine = {name: self[name].data for name in saved if name in self and self[name].data != saved[name]}
        mine = {name: text for name, text in mine.items() if _digest(text) != base.get(name)}
        lost = [name for name in mine if _digest(saved[name]) != base.get(name)]
        if lost:
            self.refuse(CHANGED)
            self.changed = tuple((self[name].label.text, saved[name]) for name in lost)
            self.base.data = _digests(saved)
            return None
        columns, items = {}, {}
        for name, text in mine.items():
            column, _, number = name.partition("_")
            (items.setdefault(int(number), {}) if number else columns)[column] = text
        return columns, items

    def _base(self):
        return dict(part.split(":", 1) for part in self.base.data.split() if ":" in part)


def make_form(issue: NewsletterIssue) -> IssueForm:
    """Return the form of an issue, with fields for each of its items."""
    fields = {"issue": issue}
    for item in issue.items:
        # A browser cannot show what is wrong in a field that is folded away: the site says it, and unfolds it.
        fields[f"title_{item.id}"] = text_field(
            "Titre", required="Écrivez un titre, ou retirez l’élément.", most=200, render_kw={"required": False}
        )
        fields[f"text_{item.id}"] = area_field("Texte", most=1000, rows=4)
        if not (item.article_id or item.publication_id):
            fields[f"address_{item.id}"] = _address_field("Adresse d’une page")
    saved = _saved(issue)
    form = type("WholeIssueForm", (IssueForm,), fields)(data=saved)
    used = f" Il en a {number(len(form.introduction.data))}." if form.introduction.data else ""
    most = f"{number(LONGEST_INTRODUCTION)} caractères au plus."
    form.introduction.description = f"Facultatif. En haut de la lettre. {most}{used}"
    if not form.is_submitted():
        form.base.data = _digests(saved)
    return form


def _saved(issue):
    """Return what an issue says, by the names of the fields."""
    saved = {"subject": issue.subject, "introduction": issue.introduction}
    for item in issue.items:
        saved |= {f"title_{item.id}": item.title, f"text_{item.id}": item.text}
        if not (item.article_id or item.publication_id):
            saved[f"address_{item.id}"] = item.address
    return saved


def _digests(saved):
    return " ".join(f"{name}:{_digest(text)}" for name, text in saved.items())


def _digest(text):
    return f"{crc32(text.encode()):08x}"


class DayForm(Form):
    """On which day of the month the letter is drafted."""

    day = number_field(
        "Jour du mois", required=WRONG_NUMBER, least=1, most=LAST_DAY, wrong=WRONG_NUMBER,
        description=f"De 1 à {LAST_DAY}. Ce jour-là, le site prépare le brouillon et vous prévient par courriel.",
    )  # fmt: skip


class ScheduleForm(Form):
    """When the letter leaves. `version`: that of the issue when the page was shown."""

    version = HiddenField(default="", filters=[one_line])
    day = date_field("Jour du départ", required="Écrivez le jour du départ.", description="Par exemple 25/12/2026.")
    time = time_field("Heure du départ", description="Heure de Paris. Sans heure : à 8 h.")

    @property
    def send_at(self) -> datetime:
        """The instant that was typed."""
        return at(PARIS, self.day.data, self.time.data or MORNING)

    def validate_day(self, field):
        """Refuse what is past."""
        if field.data and not self.time.errors and self.send_at <= utcnow():
            raise ValidationError("Ce moment est déjà passé : choisissez un jour ou une heure à venir.")
