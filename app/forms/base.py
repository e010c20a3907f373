"""What all forms share: French messages, and a token whose loss costs no text."""

from flask_wtf import FlaskForm
from wtforms.i18n import get_translations

STALE = (
    "Ce formulaire est resté ouvert trop longtemps, ou votre navigateur refuse les cookies. "
    "Rien n’est perdu : vérifiez, puis envoyez-le encore une fois."
)


class Form(FlaskForm):
    """A form whose messages are in French. A token that is missing or too old is one more thing to correct: the form
    comes back with what was typed and a fresh token."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form):
            return get_translations(["fr_FR", "fr"])

    def validate(self, extra_validators=None) -> bool:
        """Return whether all is right; `stale` is the sentence about the token otherwise."""
        valid = super().validate(extra_validators)
        if "csrf_token" in self and self.csrf_token.errors:
            self.csrf_token.errors = [STALE]
        return valid
