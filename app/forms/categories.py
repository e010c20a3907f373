"""The rubrics of the forum."""

from app.forms.base import Form, area_field, text_field


class CategoryForm(Form):
    """A new rubric, or other words for one."""

    name = text_field(
        "Nom de la rubrique", required="Écrivez le nom de la rubrique, par exemple : Vie des conseils.", most=80
    )
    description = area_field(
        "De quoi on y parle", most=300, rows=2, description="Une phrase ou deux, sous le nom de la rubrique."
    )
