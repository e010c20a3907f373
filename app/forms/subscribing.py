"""What is asked of those who want the monthly letter, or want it no more."""

from wtforms import RadioField, SelectChoice
from wtforms.validators import ValidationError

from app.forms.base import OpenForm, email_field
from app.forms.signups import DISPOSABLE, is_disposable


class SubscribingForm(OpenForm):
    """An address, and a button for each wish. Without a token: anybody may send it, and it changes nothing by
    itself."""

    hasty = "C’était très rapide : vérifiez l’adresse, puis envoyez encore une fois."

    email = email_field(description="Nous y envoyons un lien, pour confirmer. Elle ne sert qu’à la lettre.")
    wish = RadioField(
        "Votre choix",
        choices=[SelectChoice("join", "Recevoir la lettre"), SelectChoice("leave", "Me désabonner")],
        default="join",
    )

    def validate_email(self, field):
        """Refuse mailboxes that are thrown away."""
        if not field.errors and is_disposable(field.data):
            raise ValidationError(DISPOSABLE)
