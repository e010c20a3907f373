"""What the agenda is narrowed by, and the address of a personal calendar."""

from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired, ValidationError

from app.forms.base import Form
from app.forms.listing import choice
from app.forms.search import MAX_LENGTH, QueryForm, search_field
from app.text import fold

TOO_LONG = f"Écrivez {MAX_LENGTH} caractères au plus : le nom d’une commune, ou son code postal."
NO_PLACE = "Écrivez le nom d’une commune, ou son code postal."
UNKNOWN = "Aucune commune ne porte ce nom. Vérifiez l’orthographe, ou écrivez le code postal."
CLOSE, REGISTERED = "proches", "inscrit"


class AgendaForm(QueryForm):
    """Where, about what and whose are the events that one looks for."""

    pres = search_field("Près de", TOO_LONG, description="Une commune ou son code postal")
    departement = choice("Département")
    theme = choice("Thématique", "Toutes")
    qui = choice("Qui")

    def offer(self, departments, themes, *, closest: str) -> None:
        """Give the lists their lines. `closest`: the words for what concerns the viewer first; none for a visitor, who
        has no choice there."""
        self.departement.choices += [SelectChoice(*line) for line in departments]
        self.theme.choices += [SelectChoice(theme.slug, theme.name) for theme in themes]
        self.qui.choices += [SelectChoice(CLOSE, closest), SelectChoice(REGISTERED, "Mes inscriptions")]
        if not closest:
            del self.qui

    def validate_pres(self, pres):
        """Refuse what has no letter and no digit."""
        if pres.data and not fold(pres.data):
            raise ValidationError(NO_PLACE)


class CalendarForm(Form):
    """What becomes of the address of one's calendar; and the address, to be copied."""

    act = RadioField(
        "Mon adresse",
        choices=[
            SelectChoice("make", "Créer mon adresse"),
            SelectChoice("renew", "Changer d’adresse"),
            SelectChoice("stop", "Supprimer mon adresse"),
        ],
        validators=[InputRequired("Appuyez sur un des boutons.")],
    )


class AddressesForm(QueryForm):
    """The addresses of a personal calendar, in fields that a telephone selects whole; nothing is sent."""

    close = StringField("Adresse de mon agenda proche", render_kw={"readonly": True})
    whole = StringField("Adresse de mon agenda complet", render_kw={"readonly": True})
