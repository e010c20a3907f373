"""The end of an account: when, what stays, and the password that proves who asks."""

from wtforms import RadioField, SelectChoice
from wtforms.validators import InputRequired

from app.forms.base import Form, password_field


class ClosingForm(Form):
    """How somebody wants to leave. Nothing is chosen beforehand."""

    when = RadioField(
        "Quand fermer le compte ?",
        choices=[
            SelectChoice("later", "Dans 30 jours : un courriel me donne un lien pour revenir avant"),
            SelectChoice("now", "Tout de suite : je ne pourrai pas revenir"),
        ],
        validators=[InputRequired("Choisissez quand fermer le compte.")],
        description="Dans les deux cas, votre profil disparaît du site tout de suite et les alertes s’arrêtent.",
    )
    contributions = RadioField(
        "Que deviennent vos contributions ?",
        choices=[
            SelectChoice("stay", "Elles restent, signées « un ancien membre »"),
            SelectChoice("go", "Elles sont retirées du site"),
        ],
        validators=[InputRequired("Choisissez ce que deviennent vos contributions.")],
        description="Ce que vous avez écrit ou partagé sur le site.",
    )
    password = password_field(
        "Votre mot de passe",
        required="Tapez votre mot de passe : il prouve que c’est bien vous.",
        autocomplete="current-password",
    )
