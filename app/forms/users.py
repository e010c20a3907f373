"""What the animator types about accounts: words to find one, and the reason of an act."""

from wtforms import SearchField

from app.forms.base import Form, area_field
from app.text import one_line


class FindForm(Form):
    """The search among accounts; its words stand in the address, so it has no token."""

    class Meta(Form.Meta):
        csrf = False

    q = SearchField("Nom ou adresse électronique", default="", filters=[lambda text: one_line(text)[:100]])


class SuspensionForm(Form):
    """Why an account is suspended; its owner reads it."""

    reason = area_field(
        "La raison",
        required="Écrivez la raison : cette personne la lira dans un courriel.",
        most=1000,
        description="Cette personne la lira dans un courriel. Elle reste aussi dans le journal.",
    )


class RestorationForm(Form):
    """What goes with the opening of a suspended account."""

    reason = area_field("Un mot pour cette personne (facultatif)", most=1000)
