"""What the animator decides about one message."""

from wtforms import StringField
from wtforms.validators import AnyOf

from app.forms.base import Form


class SettlingForm(Form):
    """One button of several: its name says what to do."""

    act = StringField("Votre choix", validators=[AnyOf(["arrived", "again", "stop", "retry"], "Choisissez un bouton.")])
