"""What lists of publications are narrowed by."""

from wtforms import SelectChoice, SelectField
from wtforms.validators import ValidationError

from app.forms.search import MAX_LENGTH, QueryForm, search_field
from app.labels import KIND_PATHS, PUBLICATION_KINDS, READERS, STAGE, STAGE_OF_PATH
from app.localtime import today
from app.text import fold

FIRST_YEAR = 2014  # the law that made the citizens' councils
STATES = (("publies", "Publiés"), ("brouillons", "Mes brouillons"), ("a-paraitre", "À paraître"))
TOO_LONG = f"Écrivez {MAX_LENGTH} caractères au plus : quelques mots suffisent."
NO_WORD = "Écrivez un mot qui dise le sujet, par exemple : jardin."
NO_NAME = "Écrivez le nom d’un conseil, ou celui de sa commune."
UNKNOWN = "Aucun conseil ne porte ce nom. Vérifiez l’orthographe, ou écrivez le nom de sa commune."


def choice(label: str, everything: str = "Tous", choices=()) -> SelectField:
    """Return a list to choose one thing from, or all of them."""
    return SelectField(label, choices=_lines(everything, choices), default="")


def _lines(everything, choices):
    return [SelectChoice("", everything), *(SelectChoice(*line) for line in choices)]


class ListForm(QueryForm):
    """What every list of publications has."""

    q = search_field("Chercher des mots", TOO_LONG)
    no_word = NO_WORD
    theme = choice("Thématique", "Toutes")
    annee = choice("Année", "Toutes")

    def offer(self, themes, years=None, **choices) -> None:
        """Give the lists their lines: the themes of the site, the years (all, without any), and those of other
        fields by name."""
        self.theme.choices = _lines("Toutes", ((theme.slug, theme.name) for theme in themes))
        years = range(today().year, FIRST_YEAR - 1, -1) if years is None else years
        self.annee.choices = _lines("Toutes", ((str(year), str(year)) for year in years))
        for name, lines in choices.items():
            self[name].choices = _lines("Tous", lines)

    @property
    def chosen(self) -> list[str]:
        """The words of the lines that are chosen, but for the order of the list."""
        fields = [self[name] for name in self.narrowed if name != "tri"]
        return [line.label for field in fields for line in field.choices if line.value == field.data]


class SharedForm(ListForm):
    """What lists of all councils have besides: where, and which council, by what people type."""

    territoire = choice("Territoire")
    nom = search_field("Conseil citoyen", TOO_LONG, description="Son nom, ou sa commune")

    def validate_nom(self, nom):
        """Refuse what has no letter and no digit."""
        if nom.data and not fold(nom.data):
            raise ValidationError(NO_NAME)


class PublicationsForm(SharedForm):
    """What all councils share."""

    type = choice("Type", "Tous", [(path, PUBLICATION_KINDS[kind].capitalize()) for path, kind in KIND_PATHS.items()])


class ActionsForm(SharedForm):
    """The fiches-actions that all councils share."""

    etape = choice("Étape", "Toutes", [(path, STAGE[stage]) for path, stage in STAGE_OF_PATH.items()])


class OwnListForm(ListForm):
    """What one council shares of one kind."""

    etat = choice("État", "Tous", STATES)
    dossier = choice("Dossier")
    niveau = choice("Niveau d’accès", "Tous", [(level.value, words.capitalize()) for level, words in READERS.items()])
