"""The search in discussions."""

from wtforms import SelectChoice
from wtforms.validators import ValidationError

from app.forms.listing import NO_WORD, TOO_LONG, choice
from app.forms.search import QueryForm, search_field
from app.models import Category


class ForumSearchForm(QueryForm):
    """What is looked for, and where: everywhere, in one rubric, or in one group of the person."""

    q = search_field("Chercher des mots", TOO_LONG)
    no_word = NO_WORD
    rubrique = choice("Rubrique", "Toutes")
    groupe = choice("Groupe")

    def offer(self, places: list[Category]) -> None:
        """Give the lists their lines; whoever has no group is not asked for one."""
        groups = [place.group for place in places if place.group]
        self.rubrique.choices += [SelectChoice(place.slug, place.name) for place in places if not place.group]
        self.groupe.choices += [SelectChoice(group.slug, group.name) for group in groups]
        if not groups:
            del self.groupe

    def validate_groupe(self, groupe):
        """Refuse what nothing can answer to."""
        if groupe.data and self.rubrique.data:
            raise ValidationError("Choisissez une rubrique ou un groupe, pas les deux.")
