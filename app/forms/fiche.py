"""What a council writes on its page."""

import re
from collections.abc import Sequence
from datetime import date
from urllib.parse import urlsplit

from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.validators import Email, Optional, ValidationError

from app.forms.attachments import FilesField
from app.forms.base import WRONG_EMAIL, Form, date_field, markdown_field, number_field, text_field
from app.forms.profile import ACCEPTED
from app.models import Council, CouncilPicture, Document
from app.models.types import utcnow

MOST_PICTURES = 6
EMPTY_LINKS = 3
MOST_LINKS = 20
LARGEST = 500  # members of one college
NO_WORDS = "Écrivez ce que l’on voit sur cette image : ces mots la remplacent pour qui ne la voit pas."
TOO_MANY = f"La fiche montre {MOST_PICTURES} images au plus : cochez « Retirer » pour celles qui sont de trop."
WRONG_PHONE = "Écrivez un numéro de téléphone, par exemple 04 74 12 34 56."
WRONG_NUMBER = "Écrivez un nombre en chiffres, par exemple 12. Laissez vide si vous ne savez pas."
WRONG_LINK = "Écrivez l’adresse entière d’une page, par exemple https://exemple.fr/conseil."
NO_ADDRESS = "Écrivez l’adresse de la page, ou effacez le nom de ce lien."
NO_DOCUMENT = "Ce document n’est plus dans la liste : choisissez-en un autre, ou « Aucun »."
FUTURE = "Cette date n’est pas encore passée : vérifiez le jour, le mois et l’année."


def _state(text):
    return text if re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}", text or "") else ""


class FicheForm(Form):
    """The whole page. `make_form` adds the links and the pictures, of which there are more or fewer."""

    act = StringField()
    start = HiddenField(filters=[_state])  # the state of the page that the form started from
    description = markdown_field(
        "Description", rows=14,
        description="Qui vous êtes, ce que vous faites, comment vous rejoindre. N’y mettez pas votre adresse "
        "électronique, elle attirerait des publicités : sa place est plus bas.",
    )  # fmt: skip
    meetings = text_field(
        "Quand vous réunissez-vous ?", most=300, description="Par exemple : le premier mardi du mois, à 18 h 30."
    )
    meeting_place = text_field("Où vous réunissez-vous ?", most=300)
    host = text_field(
        "Quelle structure accueille le conseil ?", most=200,
        description="Par exemple un centre social. Laissez vide si vous êtes vous-mêmes une association.",
    )  # fmt: skip
    address = text_field("Adresse postale", most=300)
    phone = text_field("Téléphone", most=20, checks=[Optional()], render_kw={"type": "tel", "autocomplete": "off"})
    email = text_field(
        "Adresse électronique", most=254, checks=[Optional(), Email(WRONG_EMAIL)],
        description="Le site la cache aux robots qui envoient des publicités.",
        render_kw={"type": "email", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"},
    )  # fmt: skip
    residents = number_field("Nombre d’habitants dans le conseil", most=LARGEST, wrong=WRONG_NUMBER)
    local_actors = number_field("Nombre d’associations et d’acteurs locaux", most=LARGEST, wrong=WRONG_NUMBER)
    recognised_on = date_field("Date de reconnaissance par le préfet", description="Celle de l’arrêté préfectoral.")
    charter = SelectField(
        "La charte du conseil", validate_choice=False,
        description="Un document publié par le conseil. Seules les personnes qui peuvent le lire voient son lien.",
    )  # fmt: skip
    files = FilesField(
        "Ajouter des images",
        description=f"{MOST_PICTURES} images au plus sur la fiche. Le site les réduit, efface le lieu où elles ont été "
        "prises, puis vous demande ce que l’on y voit.",
        render_kw={"accept": ACCEPTED},
    )

    def validate_phone(self, field):
        """Take whatever can be dialled."""
        if field.data and not re.fullmatch(r"\+?[0-9][0-9 .()/-]{2,}", field.data):
            raise ValidationError(WRONG_PHONE)

    def validate_recognised_on(self, field):
        """Refuse what cannot have happened yet."""
        if field.data and field.data > utcnow().date():
            raise ValidationError(FUTURE)

    def validate_charter(self, field):
        """Refuse a document that went away meanwhile, or that is another council's."""
        if field.data not in dict(field.choices):
            raise ValidationError(NO_DOCUMENT)

    def validate(self, extra_validators=None) -> bool:
        """Look at the links and the pictures too.

        Words are asked for pictures when the page is saved; when pictures that just came are all that waits for it,
        nothing is wrong yet: the view asks for them.
        """
        super().validate(extra_validators)
        for number in range(self.rows):
            self._check_link(self[f"link_label_{number}"], self[f"link_url_{number}"])
        if len(self._kept) > MOST_PICTURES:
            self.files.errors = [*self.files.errors, TOO_MANY]
        wordless = [picture for picture in self._kept if not self[f"picture_{picture.id}"].data]
        if not self.is_preview and (self.errors or not set(wordless) <= set(self.received)):
            for picture in wordless:
                self[f"picture_{picture.id}"].errors = [NO_WORDS]
        return not self.errors

    def _check_link(self, label, url):
        if url.data and not re.match(r"[a-z]+:", url.data, re.IGNORECASE):
            url.data = f"https://{url.data}"
        if label.data and not url.data:
            url.errors = [NO_ADDRESS]
        elif url.data and not url.errors and not is_web(url.data):
            url.errors = [WRONG_LINK]

    @property
    def is_preview(self) -> bool:
        """Whether the page is to be shown, and not saved."""
        return self.act.data == "preview"

    @property
    def _kept(self):
        return [picture for picture in self.pictures if not self[f"drop_{picture.id}"].data]

    def content(self, documents: Sequence[Document]) -> dict:
        """Return what a version of the page would hold. The form is valid."""
        titles = {str(document.id): document.title for document in documents}
        return {name: self[name].data for name in Council.texts} | {
            **{name: int(self[name].data) if self[name].data else None for name in Council.numbers},
            "recognised_on": self.recognised_on.data.isoformat() if self.recognised_on.data else None,
            "links": self._links(),
            "pictures": [[picture.id, self[f"picture_{picture.id}"].data] for picture in self._kept],
            "charter": [int(self.charter.data), titles[self.charter.data]] if self.charter.data else None,
        }

    def _links(self):
        pairs = ((self[f"link_label_{n}"].data, self[f"link_url_{n}"].data) for n in range(self.rows))
        return [[label or urlsplit(url).netloc[:120], url] for label, url in pairs if url]


def is_web(address: str) -> bool:
    """Tell whether a text is the whole address of a page."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_plain = len(address) <= 500 and not re.search(r"[\s\"<>\\]", address)
    is_host = re.fullmatch(r"[^\s@]+\.[^\s@.]+\.?", parts.netloc) is not None
    return parts.scheme in ("http", "https") and is_host and is_plain


def make_form(
    content: dict, *, start: str, pictures: Sequence[CouncilPicture], documents: Sequence[Document], rows: int = 0,
    received: Sequence[CouncilPicture] = (), **options,
) -> FicheForm:  # fmt: skip
    """Return the form that shows `content`, or what was sent, with these pictures, and `rows` links or more.

    `received` are pictures that came with this very form. `options` are of all forms.
    """
    rows = min(max(rows, len(content["links"]) + EMPTY_LINKS), MOST_LINKS)
    fields = {}
    for number in range(rows):
        fields[f"link_label_{number}"] = text_field(f"Nom du lien {number + 1}", most=120)
        fields[f"link_url_{number}"] = text_field(
            f"Adresse du lien {number + 1}", most=500,
            render_kw={"inputmode": "url", "spellcheck": "false", "autocapitalize": "none"},
        )  # fmt: skip
    pictures = [*pictures, *received]
    for number, picture in enumerate(pictures, start=1):
        fields[f"picture_{picture.id}"] = text_field(f"Que voit-on sur l’image {number} ?", most=300)
        fields[f"drop_{picture.id}"] = BooleanField(f"Retirer l’image {number}")
    fields |= {"rows": rows, "pictures": pictures, "received": received}
    form = type("WholeFicheForm", (FicheForm,), fields)(data=_shown(content) | {"start": start}, **options)
    form.charter.choices = [("", "Aucun"), *((str(document.id), document.title) for document in documents)]
    return form


def _shown(content):
    """Return a content as the data of the fields."""
    links = content["links"]
    return content | {
        "charter": str(content["charter"][0]) if content["charter"] else "",
        "recognised_on": date.fromisoformat(content["recognised_on"]) if content["recognised_on"] else None,
        **{name: "" if content[name] is None else str(content[name]) for name in Council.numbers},
        **{f"link_label_{number}": label for number, (label, _) in enumerate(links)},
        **{f"link_url_{number}": url for number, (_, url) in enumerate(links)},
        **{f"picture_{number}": words for number, words in content["pictures"]},
    }
