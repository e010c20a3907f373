"""Local referents: who, for whom, and how the public reaches them."""

from wtforms import ValidationError

from app.forms.base import Form, email_field, name_field, text_field
from app.forms.territories import TerritoriesFields
from app.text import contact_link

NO_TERRITORY = "Cochez au moins un département ou une région, ou écrivez une commune ou une intercommunalité."


class ReferentForm(TerritoriesFields, Form):
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

    def __init__(self, offered, places, user=None, **options):
        super().__init__(obj=user, **options)
        chosen = user.territories if user else ()
        self.offer_territories(offered, places, None if self.is_submitted() else chosen)

    def validate_public_contact(self, field):
        """Refuse what leads nowhere."""
        if not contact_link(field.data):
            raise ValidationError("Écrivez une adresse électronique, un téléphone ou une adresse en https:// complète.")

    def validate_departments(self, field):
        """Refuse a referent of nowhere; a department that is gone meanwhile too."""
        if not field.data and not self.regions.data and not self.places.data:
            raise ValidationError(NO_TERRITORY)

    @property
    def columns(self) -> dict:
        """What was chosen, as `services.referents` takes it."""
        return {
            "organisation": self.organisation.data, "public_contact": self.public_contact.data,
            "territories": self.territories,
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
