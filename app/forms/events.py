"""An event, as its author writes it."""

from collections.abc import Collection
from datetime import datetime, time, timedelta

from wtforms import BooleanField, RadioField, SelectChoice, SelectField
from wtforms.validators import ValidationError

from app.forms.base import (
    CheckboxesField,
    date_field,
    markdown_field,
    number_field,
    text_field,
    time_field,
)
from app.forms.publications import PublicationForm, split_moment
from app.labels import ADMISSION, QUESTION, Visibility
from app.localtime import at

USUAL_LENGTH = timedelta(hours=2)
MOST_SEATS = 10_000
EVERYWHERE = "Toute la France"
LAST_MINUTE = time(23, 59)  # of a day without its hour


class EventForm(PublicationForm):
    """An event. Times are those of clocks in the council's department."""

    start_day = date_field("Jour du début", description="Par exemple 25/12/2026.")
    start_time = time_field("Heure du début", description="Par exemple 18 h 30.")
    end_day = date_field("Jour de la fin", description="Le même jour, si vous ne mettez rien.")
    end_time = time_field("Heure de la fin", description="Deux heures plus tard, si vous ne mettez rien.")
    place = text_field("Lieu", most=200, description="Par exemple : Maison de quartier, salle 2. Facultatif.")
    address = text_field("Adresse", most=300, description="Numéro, rue et commune. Facultatif.")
    organiser = text_field("Organisateur", most=200, description="Si ce n’est pas votre conseil. Facultatif.")
    agenda = markdown_field("Ordre du jour", description="Facultatif.")

    territory = SelectField("Pour quel territoire ?", coerce=int, default=0, validate_choice=False)
    takes_registrations = BooleanField("Il faut s’inscrire pour venir")
    seats = number_field(
        "Nombre de places", least=1, most=MOST_SEATS,
        wrong=f"Écrivez un nombre de places entre 1 et {MOST_SEATS}, en chiffres, ou ne mettez rien.",
        description="Par exemple 25. Sans nombre, tout le monde a une place.",
    )  # fmt: skip
    until_day = date_field("Inscriptions jusqu’au", description="Jusqu’au début, si vous ne mettez rien.")
    until_time = time_field("À quelle heure ?", description="Sans heure : jusqu’à la fin de ce jour.")
    admission = RadioField("Qui peut s’inscrire ?", default="", validate_choice=False)
    questions = CheckboxesField(
        "Que faut-il demander ?", validate_choice=False,
        choices=[SelectChoice(*pair) for pair in QUESTION.items()],
        description="Ne demandez que ce qui vous sert. Les réponses sont effacées après l’événement.",
    )  # fmt: skip
    own_question = text_field("Votre question", most=200, description="Par exemple : Quel atelier choisissez-vous ?")
    is_quiet = BooleanField(
        "C’est une petite correction : ne prévenir personne",
        description="Un changement de jour, d’heure ou de lieu est toujours annoncé.",
    )

    columns = ("title", "summary", "description", "agenda", "place", "address", "organiser")
    direct = ("takes_registrations", "own_question")
    is_of_council = True  # else a referent or the animator announces it
    length = USUAL_LENGTH  # when nobody says until when it lasts

    def __init__(self, item, **options):
        """See the form of all publications. A second session lasts as long as the one before it."""
        super().__init__(item, **options)
        former = item.follows if item is not None and item.follows_id else None
        if former is not None and former.starts_at and former.ends_at:
            self.length = former.ends_at - former.starts_at
            self.end_time.description = "La même durée que la séance d’avant, si vous ne mettez rien."

    def _shown(self, item):
        shown = super()._shown(item)
        if item is None:
            return shown
        if item.starts_at:
            shown["start_day"], shown["start_time"] = split_moment(item.starts_at, self.zone)
            shown["end_day"], shown["end_time"] = split_moment(item.ends_at, self.zone)
        shown["until_day"], shown["until_time"] = split_moment(item.register_until, self.zone)
        shown |= {name: getattr(item, name) for name in self.direct}
        seats = "" if item.seats is None else str(item.seats)
        return shown | {
            "seats": seats, "admission": item.admission or "", "questions": list(item.questions),
            "territory": item.territory_id or 0,
        }  # fmt: skip

    def arrange(self, *, council_id, groups, **choices) -> None:
        """Offer what can be chosen: also who may register."""
        super().arrange(council_id=council_id, groups=groups, **choices)
        levels = [level.data for level in self.level]
        narrower = [SelectChoice(level, ADMISSION[level][:1].upper() + ADMISSION[level][1:]) for level in levels]
        self.admission.choices = [SelectChoice("", "Toutes les personnes qui peuvent lire cette annonce"), *narrower]

    def place_in(self, territories: Collection) -> None:
        """Offer the territories of whoever announces it for no council; none: it is for the whole country."""
        self.is_of_council = False
        self.organiser.description = "Le nom de votre structure."
        rows = [SelectChoice(place.id, place.name) for place in territories]
        self.territory.choices = rows or [SelectChoice(0, EVERYWHERE)]
        known = [choice.value for choice in self.territory.choices]
        if self.territory.data not in known:
            self.territory.data = known[0]

    @property
    def register_until(self) -> datetime | None:
        """Until when one may register."""
        day = self.until_day.data
        return at(self.zone, day, self.until_time.data or LAST_MINUTE) if day else None

    @property
    def starts_at(self) -> datetime | None:
        """When it begins."""
        day, hour = self.start_day.data, self.start_time.data
        return at(self.zone, day, hour) if day and hour is not None else None

    @property
    def ends_at(self) -> datetime | None:
        """When it ends."""
        starts, hour = self.starts_at, self.end_time.data
        if starts is None:
            return None
        if hour is None:
            return starts + self.length
        return at(self.zone, self.end_day.data or self.start_day.data, hour)

    @property
    def fields(self) -> dict:
        """What goes into the columns."""
        return super().fields | self._registering | {
            "starts_at": self.starts_at, "ends_at": self.ends_at, "time_zone": self.zone,
            "register_until": self.register_until, "territory_id": self.territory.data or None,
        }  # fmt: skip

    @property
    def _registering(self):
        return {name: self[name].data for name in self.direct} | {
            "seats": int(self.seats.data) if self.seats.data.isdecimal() else None,
            "admission": self.admission.data or None,
            "questions": [code for code in QUESTION if code in (self.questions.data or ())],
        }

    @property
    def right_fields(self) -> dict:
        """What goes into the columns, without times that cannot be right."""
        texts = {name: self[name].data for name in self.columns if not self[name].errors}
        for columns, typed in TYPED_IN.items():
            if not any(self[name].errors for name in typed):
                texts |= {name: self.fields[name] for name in columns}
        return texts

    def validate_start_day(self, field):
        """Ask for the beginning, and for the day of an hour."""
        if not field.data and (self.is_for_readers or self.start_time.data):
            raise ValidationError("Écrivez le jour du début, par exemple 25/12/2026.")

    def validate_start_time(self, field):
        """Ask for the hour of a day."""
        if not field.data and self.start_day.data:
            raise ValidationError("Écrivez aussi l’heure du début, par exemple 18 h 30.")

    def validate_end_day(self, field):
        """Ask for the hour of a day; the beginning comes first."""
        if field.data and not self.start_day.data and not self.start_day.errors:
            raise ValidationError("Écrivez d’abord le jour et l’heure du début.")
        if field.data and not self.end_time.data:
            raise ValidationError("Écrivez aussi l’heure de la fin, par exemple 20 h 30.")

    def validate_end_time(self, field):
        """Put the end after the beginning."""
        is_told = self.start_day.errors or self.start_time.errors
        if field.data and not self.starts_at and not is_told:
            raise ValidationError("Écrivez d’abord le jour et l’heure du début.")
        if field.data and self.starts_at and self.ends_at <= self.starts_at:
            raise ValidationError("La fin doit venir après le début : vérifiez les jours et les heures.")

    def validate_publish_day(self, field):
        """Refuse to announce what will be over."""
        super().validate_publish_day(field)
        if self.deed == "publish" and field.data and self.ends_at and self.publish_on >= self.ends_at:
            raise ValidationError(
                "Ce jour-là, l’événement sera déjà passé : choisissez une date de publication qui vient avant."
            )

    def validate_until_time(self, field):
        """Ask for the day of an hour."""
        if field.data and not self.until_day.data and not self.until_day.errors:
            raise ValidationError("Écrivez aussi le dernier jour des inscriptions.")

    def validate_until_day(self, field):
        """End the registrations before the event does."""
        if field.data and self.ends_at and self.register_until > self.ends_at and self.until_time.data:
            raise ValidationError("Les inscriptions doivent finir avant la fin de l’événement : vérifiez le jour.")
        if field.data and self.start_day.data and field.data > self.start_day.data:
            raise ValidationError("Les inscriptions doivent finir au plus tard le jour du début : vérifiez le jour.")

    def validate_admission(self, field):
        """Let nobody register who may not read it."""
        known = [choice.value for choice in field.choices]
        if field.data not in known:
            field.data = ""
        levels = list(Visibility)
        if field.data and self.level.data in levels:
            if levels.index(Visibility(field.data)) > levels.index(Visibility(self.level.data)):
                raise ValidationError(
                    "Ces personnes ne pourront pas lire l’annonce : choisissez-en moins, ou ouvrez plus le niveau "
                    "d’accès, plus bas."
                )

    def validate_organiser(self, field):
        """Ask who announces what no council does."""
        if not self.is_of_council and self.is_for_readers and not field.data:
            raise ValidationError("Écrivez le nom de votre structure, par exemple : Centre de ressources de l’Ain.")


# Columns → the fields that they are typed in: what is wrong there is not kept.
TYPED_IN = {
    ("starts_at", "ends_at", "time_zone"): ("start_day", "start_time", "end_day", "end_time"),
    ("register_until",): ("until_day", "until_time"),
    ("seats",): ("seats",),
    ("takes_registrations", "own_question", "questions", "territory_id"): ("own_question",),
}
