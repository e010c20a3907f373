"""Logging in and out."""

from wtforms import BooleanField, HiddenField

from app.forms.base import Form, email_field, password_field


class LoginForm(Form):
    """The mail address and the password. `stay` asks for thirty days; `suite` is where to go on, `kept` what was
    written when a session ended."""

    email = email_field()
    password = password_field("Mot de passe", required="Tapez votre mot de passe.", autocomplete="current-password")
    stay = BooleanField(
        "Rester connecté pendant 30 jours",
        description="Seulement sur votre propre téléphone ou ordinateur, jamais sur un appareil partagé.",
    )
    suite = HiddenField(default="")
    kept = HiddenField(default="")
