"""An event, as its author writes it."""

from datetime import datetime, timedelta

from wtforms.validators import ValidationError

from app.forms.base import date_field, markdown_field, text_field, time_field
from app.forms.publications import PublicationForm, split_moment
from app.localtime import at

USUAL_LENGTH = timedelta(hours=2)


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

    columns = ("title", "summary", "description", "agenda", "place", "address", "organiser")

    def _shown(self, item):
        shown = super()._shown(item)
        if item and item.starts_at:
            shown["start_day"], shown["start_time"] = split_moment(item.starts_at, self.zone)
            shown["end_day"], shown["end_time"] = split_moment(item.ends_at, self.zone)
        return shown

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
            return starts + USUAL_LENGTH
        return at(self.zone, self.end_day.data or self.start_day.data, hour)

    @property
    def fields(self) -> dict:
        """What goes into the columns."""
        return super().fields | {"starts_at": self.starts_at, "ends_at": self.ends_at, "time_zone": self.zone}

    @property
    def right_fields(self) -> dict:
        """What goes into the columns, without times that cannot be right."""
        wrong = any(self[name].errors for name in ("start_day", "start_time", "end_day", "end_time"))
        texts = {name: self[name].data for name in self.columns if not self[name].errors}
        return texts if wrong else texts | {name: self.fields[name] for name in ("starts_at", "ends_at", "time_zone")}

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
