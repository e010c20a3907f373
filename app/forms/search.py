"""The search for a council."""

from wtforms import StringField
from wtforms.validators import Length, ValidationError

from app.forms.base import Form
from app.text import fold, one_line

MAX_LENGTH = 100
TOO_LONG = f"Écrivez {MAX_LENGTH} caractères au plus, par exemple le nom de votre commune."


class SearchForm(Form):
    """A GET form: its address can be kept and shared, and it changes nothing, so it needs no token."""

    class Meta(Form.Meta):
        csrf = False

    q = StringField(
        "Trouver un conseil citoyen",
        default="",
        filters=[one_line],
        description="Commune, quartier, code postal ou nom du conseil",
        validators=[Length(max=MAX_LENGTH, message=TOO_LONG)],
        render_kw={"type": "search", "maxlength": MAX_LENGTH, "autocomplete": "off", "enterkeyhint": "search"},
    )

    def validate_q(self, q):
        """Refuse what has no letter and no digit."""
        if q.data and not fold(q.data):
            raise ValidationError("Écrivez des lettres ou des chiffres : une commune, un quartier, un code postal.")
