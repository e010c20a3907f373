"""Territories: departments and regions with their boxes, other places by their names."""

from collections.abc import Collection

from wtforms import Form as Fields
from wtforms import ValidationError

from app.forms.base import CheckboxesField, area_field
from app.labels import TerritoryKind
from app.models import Territory


class TerritoriesFields(Fields):
    """The part of a form that chooses territories; others inherit from it.

    `offer_territories` says what there is to choose from; call it once the form is made, before it is validated.
    """

    departments = CheckboxesField("Départements", coerce=int)
    regions = CheckboxesField("Régions entières", coerce=int)
    places = area_field(
        "Communes ou intercommunalités (facultatif)",
        most=4000,
        rows=4,
        description="Une par ligne, ou séparées par des virgules : le nom exact, le code INSEE de la commune ou le "
        "numéro SIREN de l’intercommunalité.",
    )

    def offer_territories(self, offered: Collection[Territory], reader, chosen: Collection[Territory] | None) -> None:
        """Offer regions and departments; `reader` reads and words the other territories, as `services.places` does.
        `chosen`: those that the form begins with; None where what it holds is right already."""
        self._offered = {place.id: place for place in offered}
        self._reader, self._named = reader, []
        if chosen is not None:
            self.places.data = "\n".join(map(reader.wording, reader.of_kinds(chosen)))
        known = {place.id for place in chosen or ()}
        for field, kind in ((self.departments, TerritoryKind.DEPARTMENT), (self.regions, TerritoryKind.REGION)):
            places = [place for place in offered if place.kind == kind]
            is_department = kind == TerritoryKind.DEPARTMENT
            field.choices = [(p.id, f"{p.code} {p.name}" if is_department else p.name) for p in places]
            if chosen is not None:
                field.data = [place.id for place in places if place.id in known]

    def validate_places(self, field):
        """Find what is named; say what may be meant where that is not one place."""
        self._named, refused = self._reader.named(field.data)
        if refused:
            raise ValidationError(" ".join(refused))

    @property
    def territories(self) -> list[Territory]:
        """What was chosen."""
        chosen = [*(self.regions.data or []), *(self.departments.data or [])]
        return [*(self._offered[place] for place in chosen if place in self._offered), *self._named]
