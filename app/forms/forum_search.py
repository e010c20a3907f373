"""The search in discussions."""

from wtforms import SelectChoice

from app.forms.listing import NO_WORD, TOO_LONG, choice
from app.forms.search import QueryForm, search_field
from app.models import Category
from app.templating import quoted


class ForumSearchForm(QueryForm):
    """What is looked for, and where: everywhere, in one rubric, or in one group of the person."""

    q = search_field("Chercher des mots", TOO_LONG)
    no_word = NO_WORD
    ou = choice("Où ?", "Partout")

    def offer(self, places: list[Category]) -> None:
        """Give the list its lines."""
        self.ou.choices += [SelectChoice(str(place.id), _name(place)) for place in places]


def _name(place):
    return f"Groupe {quoted(place.group.name)}" if place.group else place.name
