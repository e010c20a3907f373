"""A document, as its author writes it."""

from wtforms import BooleanField

from app.forms.publications import PublicationForm


class DocumentForm(PublicationForm):
    """A document."""

    columns = (*PublicationForm.columns, "is_charter")
    is_charter = BooleanField(
        "C’est la charte de notre conseil", description="Elle a sa place sur la fiche du conseil. Il n’y en a qu’une."
    )
