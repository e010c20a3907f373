"""The folders of a council."""

from wtforms import BooleanField

from app.forms.base import Form, text_field


class FolderForm(Form):
    """A new folder, or another name for one."""

    name = text_field("Nom du dossier", required="Écrivez le nom du dossier, par exemple : Réunions 2026.", most=120)
    is_series = BooleanField(
        "C’est une série",
        description="Ses publications se suivent : chaque page mène à la précédente et à la suivante.",
    )
