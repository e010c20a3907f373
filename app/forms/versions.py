"""Versions: two that are compared, one that is brought back, one that a council has adopted."""

from datetime import date

from wtforms import HiddenField
from wtforms.validators import ValidationError

from app.forms.base import WRONG_DAY, Form, date_field, number_field
from app.forms.search import QueryForm

WRONG_NUMBER = "Écrivez un numéro de version en chiffres, par exemple 3."
MOST = 10**9


def _numbered(label):
    return number_field(label, most=MOST, wrong=WRONG_NUMBER, required=WRONG_NUMBER)


class ComparingForm(QueryForm):
    """The numbers of two versions, whichever is the older."""

    de = _numbered("Comparer la version n°")
    a = _numbered("avec la version n°")

    def validate_a(self, a):
        """Refuse to compare a version with itself."""
        if a.data == self.de.data:
            raise ValidationError("C’est deux fois la même version : choisissez deux numéros différents.")


class RestoringForm(Form):
    """A button that brings a former text back: `newest` is the version that was the present one when it was shown."""

    newest = HiddenField()


class AdoptingForm(Form):
    """The day when the council adopted version `number`: `today` at the latest. It may have been written on paper
    before."""

    number = HiddenField()
    adopted_on = date_field("Jour de l’adoption", required=WRONG_DAY, description="Par exemple, le jour de la réunion.")

    def __init__(self, *args, today: date, **options):
        super().__init__(*args, **options)
        self.today = today

    def validate_adopted_on(self, adopted_on):
        """Refuse days that are to come."""
        if adopted_on.data is None:
            raise ValidationError(WRONG_DAY)
        if adopted_on.data > self.today:
            raise ValidationError("Ce jour n’est pas encore venu : choisissez aujourd’hui, ou un jour passé.")


class ReopeningForm(Form):
    """A button that lifts an adoption: the one that was shown."""

    adoption = HiddenField()
