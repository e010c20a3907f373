"""A password that was forgotten, and a new one."""

from wtforms import BooleanField
from wtforms.validators import ValidationError

from app import passwords
from app.forms.base import Form, email_field, password_field
from app.models import User

REQUIRED = "Choisissez un mot de passe."
ADVICE = f"{passwords.SHORTEST} caractères au moins. Le plus simple : quatre ou cinq mots qui se suivent."


def _new_password():
    return password_field("Nouveau mot de passe", required=REQUIRED, autocomplete="new-password", description=ADVICE)


class ForgottenForm(Form):
    """Where to send the link."""

    email = email_field(description="Celle que vous avez donnée à votre inscription.")


class _OwnersForm(Form):
    """A form with a password that somebody chooses for their account."""

    def __init__(self, owner: User):
        super().__init__()
        self.owner = owner

    def validate_new_password(self, field):
        """Refuse what is too easy to guess."""
        names = (self.owner.first_name, self.owner.last_name, self.owner.email)
        if objection := passwords.objection(field.data, names):
            raise ValidationError(objection)


class ConfirmationForm(_OwnersForm):
    """The password of a sign-up, or another one in its place: whoever reads the mails of its address may choose."""

    password = password_field(
        "Votre mot de passe",
        required="Tapez le mot de passe que vous aviez choisi.",
        autocomplete="current-password",
        description="Celui que vous avez choisi en vous inscrivant.",
    )
    takes = BooleanField(
        "Je ne le retrouve pas : prendre celui que je viens de retaper",
        description=f"Retapez le mot de passe que vous voulez avoir : {passwords.SHORTEST} caractères au moins.",
    )

    def validate_password(self, field):
        """Another one must be as good as in the sign-up."""
        if self.takes.data:
            self.validate_new_password(field)


class NewPasswordForm(_OwnersForm):
    """A password chosen by whoever has the link."""

    new_password = _new_password()


class ChangePasswordForm(_OwnersForm):
    """The present password, as a proof, and the new one."""

    password = password_field(
        "Mot de passe actuel", required="Tapez votre mot de passe actuel.", autocomplete="current-password"
    )
    new_password = _new_password()
