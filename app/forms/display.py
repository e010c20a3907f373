"""How a visitor wants pages to be shown."""

from wtforms import RadioField, SelectChoice
from wtforms.validators import InputRequired

from app.forms.base import Form


class DisplayForm(Form):
    """The choice of pages with or without pictures."""

    images = RadioField(
        "Images",
        description="Sans les images, les pages sont plus légères. Un lien reste à la place de chaque image.",
        choices=[SelectChoice("oui", "Montrer les images"), SelectChoice("non", "Ne pas montrer les images")],
        validators=[InputRequired("Choisissez une des deux réponses.")],
    )
