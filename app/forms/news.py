"""What the lists of articles are narrowed by."""

from collections.abc import Iterable

from wtforms import SelectChoice

from app.forms.listing import ListForm, choice
from app.labels import ARTICLE_KINDS, ARTICLE_PATH, NATIONAL, ON_SHELF, Shelf

ORDERS = (("anciens", "Anciens d’abord"), ("titre", "Par titre"))


class ShelfForm(ListForm):
    """What one shelf of the site is narrowed by, and in which order it stands."""

    type = choice("Type")
    territoire = choice("Territoire")
    serie = choice("Série", "Toutes")
    tri = choice("Ordre", "Récents d’abord", ORDERS)

    def furnish(
        self, shelf: Shelf, themes: Iterable, places: Iterable[tuple], series: Iterable, years: Iterable[int]
    ) -> None:
        """Give the lists the lines of a shelf. A shelf without a series offers none to choose: one
        that is asked for there is refused."""
        kinds = [(ARTICLE_PATH[kind], ARTICLE_KINDS[kind].capitalize()) for kind in ON_SHELF[shelf]]
        self.offer(themes, years, type=kinds, territoire=[(NATIONAL, "Toute la France (national)"), *places])
        self.serie.choices += [SelectChoice(row.slug, row.name) for row in series]
        if len(self.serie.choices) == 1 and not self.serie.data:
            del self.serie

    @property
    def filters(self) -> tuple[str, ...]:
        """The names of the lists to choose from."""
        return tuple(name for name in ("type", "theme", "territoire", "serie", "annee", "tri") if name in self)

    @property
    def narrowed(self) -> list[str]:
        """The names of the lists where something is chosen, but for the order, which leaves nothing out."""
        return [name for name in super().narrowed if name != "tri"]

    @property
    def kept(self) -> dict[str, str]:
        """What is asked for, as the arguments of an address, but for the order."""
        return {name: self[name].data for name in ("q", *self.narrowed) if self[name].data}

    @property
    def place(self) -> str:
        """The name of the area that is chosen; of none, and of the whole country, nothing."""
        value = self.territoire.data
        names = [line.label for line in self.territoire.choices if line.value == value and value != NATIONAL]
        return names[0].removeprefix(f"{value} ") if value and names else ""

    @property
    def widened(self) -> dict[str, str]:
        """What is asked for, of the whole country instead of an area."""
        return self.data | {"territoire": NATIONAL}

    @property
    def order(self) -> str:
        """The order of the list: that of its numbers, for a series."""
        return self.tri.data or ("serie" if "serie" in self and self.serie.data else "")
