"""A fiche-action, as its author writes it."""

from wtforms.validators import ValidationError

from app.forms.base import area_field, date_field, markdown_field, text_field
from app.forms.publications import PublicationForm, optional_choice
from app.labels import CARRIER, PILLAR, STAGE, Carrier


class ActionForm(PublicationForm):
    """A fiche-action."""

    need = markdown_field("Besoin et origine", description="Quel problème, quelle envie ? D’où vient l’idée ?")
    description = markdown_field("Description", rows=10, description="Ce qui a été fait, étape par étape.")
    stage = optional_choice("Étape", STAGE, description="Où en est l’action ?")
    carrier = optional_choice("Portée par", CARRIER)
    carrier_name = text_field(
        "Nom de la structure partenaire", most=200, description="Si c’est une structure partenaire qui porte l’action."
    )
    partners = area_field("Partenaires", most=2000, rows=3, description="Qui d’autre a aidé ? Un par ligne.")
    pillar = optional_choice("Pilier du contrat de ville", PILLAR)
    contract = area_field("Lien avec le contrat de ville", most=2000, rows=3)
    budget = text_field("Budget", most=200, description="Par exemple : 2 500 €.")
    funders = area_field("Financeurs", most=2000, rows=3, description="Qui a payé ? Un par ligne.")
    starts_on = date_field("Début de la période")
    ends_on = date_field("Fin de la période")
    place = text_field("Lieu", most=300)
    results = markdown_field("Résultats", description="Ce que l’action a changé.")
    lessons = markdown_field(
        "Ce que nous ferions autrement", description="Ce qui aidera les autres conseils à faire mieux encore."
    )
    contact = text_field(
        "Contact", most=300, description="À qui poser des questions. Ce texte est lu par tous ceux qui lisent la fiche."
    )

    columns = (
        "title", "summary", "need", "description", "stage", "carrier", "carrier_name", "partners", "pillar", "contract",
        "budget", "funders", "starts_on", "ends_on", "place", "results", "lessons", "contact",
    )  # fmt: skip

    def _shown(self, item):
        shown = super()._shown(item)
        return shown | {name: shown.get(name) or "" for name in ("stage", "carrier", "pillar")}

    @property
    def fields(self) -> dict:
        """What goes into the columns; nothing chosen is None."""
        return super().fields | {name: self[name].data or None for name in ("stage", "carrier", "pillar")}

    def validate_carrier_name(self, field):
        """Ask which partner it is."""
        if self.is_for_readers and self.carrier.data == Carrier.PARTNER and not field.data:
            raise ValidationError("Écrivez le nom de la structure partenaire qui porte l’action.")

    def validate_ends_on(self, field):
        """Put the end after the beginning."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError("La fin vient avant le début : vérifiez les deux dates.")
