"""Local referents: who, for whom, and how the public reaches them."""

from wtforms import ValidationError

from app.forms.base import CheckboxesField, Form, area_field, email_field, name_field, text_field
from app.labels import TerritoryKind
from app.text import contact_link

NO_TERRITORY = "Cochez au moins un département ou une région, ou écrivez une commune ou une intercommunalité."


class ReferentForm(Form):
    """What visitors read of a referent, and the territories. `offered` are the regions and departments;
    `places` reads and words the other territories, as `services.places` does."""

    organisation = text_field(
        "Organisation", required="Écrivez le nom de l’organisation, par exemple un centre de ressources.", most=200
    )
    public_contact = text_field(
        "Contact public",
        required="Donnez un moyen de joindre cette personne : il est montré à tous.",
        most=254,
        description="Une adresse électronique, un numéro de téléphone ou l’adresse d’une page (https://…). "
        "Tout le monde la voit.",
    )
    departments = CheckboxesField("Départements", coerce=int)
    regions = CheckboxesField("Régions entières", coerce=int)
    places = area_field(
        "Communes ou intercommunalités (facultatif)",
        most=4000,
        rows=4,
        description="Une par ligne, ou séparées par des virgules : le nom exact, le code INSEE de la commune ou le "
        "numéro SIREN de l’intercommunalité.",
    )

    def __init__(self, offered, places, user=None, **options):
        super().__init__(obj=user, **options)
        self._offered = {place.id: place for place in offered}
        self._reader, self._named = places, []
        if user and not self.is_submitted():
            self.places.data = "\n".join(map(places.wording, places.of_kinds(user.territories)))
        chosen = {place.id for place in user.territories} if user else set()
        for field, kind in ((self.departments, TerritoryKind.DEPARTMENT), (self.regions, TerritoryKind.REGION)):
            places = [place for place in offered if place.kind == kind]
            is_department = kind == TerritoryKind.DEPARTMENT
            field.choices = [(p.id, f"{p.code} {p.name}" if is_department else p.name) for p in places]
            if not self.is_submitted():
                field.data = [place.id for place in places if place.id in chosen]

    def validate_public_contact(self, field):
        """Refuse what leads nowhere."""
        if not contact_link(field.data):
            raise ValidationError("Écrivez une adresse électronique, un téléphone ou une adresse en https:// complète.")

    def validate_departments(self, field):
        """Refuse a referent of nowhere; a department that is gone meanwhile too."""
        if not field.data and not self.regions.data and not self.places.data:
            raise ValidationError(NO_TERRITORY)

    def validate_places(self, field):
        """Find what is named; say what may be meant where that is not one place."""
        self._named, refused = self._reader.named(field.data)
        if refused:
            raise ValidationError(" ".join(refused))

    @property
    def columns(self) -> dict:
        """What was chosen, as `services.referents` takes it."""
        chosen = [*(self.regions.data or []), *(self.departments.data or [])]
        return {
            "organisation": self.organisation.data, "public_contact": self.public_contact.data,
            "territories": [*(self._offered[place] for place in chosen), *self._named],
        }  # fmt: skip


class AppointmentForm(ReferentForm):
    """Who becomes a referent. The names are for somebody who has no account yet."""

    email = email_field("Son adresse électronique", render_kw={"autocomplete": "off"})
    first_name = name_field("Son prénom", "son prénom", is_required=False)
    last_name = name_field("Son nom", "son nom", is_required=False)

    def has_names(self) -> bool:
        """Return whether both names are there; say so where one is missing."""
        for field in (self.first_name, self.last_name):
            if not field.data:
                field.errors = ["Cette personne n’a pas encore de compte : écrivez son prénom et son nom."]
        return bool(self.first_name.data and self.last_name.data)
