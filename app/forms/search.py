"""Searching: the field of all searches, and the search for a council."""

from wtforms import StringField
from wtforms.validators import Length, ValidationError

from app.forms.base import Form
from app.text import fold, one_line

MAX_LENGTH = 100
TOO_LONG = f"Écrivez {MAX_LENGTH} caractères au plus, par exemple le nom de votre commune."


def search_field(label: str, too_long: str, **options) -> StringField:
    """Return the field where one types what to look for; `too_long` is its sentence over `MAX_LENGTH`."""
    keywords = {"type": "search", "maxlength": MAX_LENGTH, "autocomplete": "off", "enterkeyhint": "search"}
    checks = [Length(max=MAX_LENGTH, message=too_long)]
    return StringField(label, default="", filters=[one_line], validators=checks, render_kw=keywords, **options)


class QueryForm(Form):
    """A GET form: its address can be kept and shared, and it changes nothing, so it needs no token. `no_word`: the
    sentence when what is looked for, in the field `q`, has no letter and no digit."""

    no_word = ""

    class Meta(Form.Meta):
        csrf = False

    def validate_q(self, q):
        """Refuse what has no letter and no digit."""
        if q.data and not fold(q.data):
            raise ValidationError(self.no_word)

    @property
    def narrowed(self) -> list[str]:
        """The names of the lists where something is chosen."""
        return [field.name for field in self if field.type == "SelectField" and field.data]


class SearchForm(QueryForm):
    """The search for a council."""

    q = search_field(
        "Trouver un conseil citoyen", TOO_LONG, description="Commune, quartier, code postal ou nom du conseil"
    )
    no_word = "Écrivez des lettres ou des chiffres : une commune, un quartier, un code postal."
