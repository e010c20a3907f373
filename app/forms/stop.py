"""The choice of messages that somebody wants no more."""

from wtforms import RadioField, SelectChoice
from wtforms.validators import InputRequired

from app.forms.base import Form


class StopForm(Form):
    """Which messages stop, or come again."""

    choice = RadioField(
        "Votre choix",
        choices=[
            SelectChoice("stop", "Ne plus recevoir ces messages"),
            SelectChoice("all", "Ne plus recevoir aucun message du site, sauf pour mon compte"),
            SelectChoice("resume", "Recevoir de nouveau ces messages"),
        ],
        validators=[InputRequired("Choisissez une des réponses.")],
    )
