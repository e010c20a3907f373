"""Working groups: who asks for one, of which councils the animator makes it, and how a council leaves."""

import secrets
from collections.abc import Collection

from wtforms import HiddenField, RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from app.forms.base import CheckboxesField, Form, area_field, text_field
from app.forms.search import MAX_LENGTH, QueryForm, search_field
from app.labels import TERRITORY_KIND
from app.text import fold, one_line

LIST = 0  # the choice of a list of councils, beside those of territories
MOST_COUNCILS = 400  # of a group
STAY, OUT = "stay", "out"
NAME = {"most": 120, "many": "Ce nom est trop long : 120 caractères au plus."}
TAKEN = "Un groupe porte, ou portait, déjà ce nom : choisissez-en un autre."


def _name_field(label, **options):
    return text_field(label, required="Donnez un nom au groupe : quelques mots.", **NAME, **options)


def _listed(lines):
    return ", ".join(f"« {line[:100]} »" for line in lines[:5])


def _is_id(word):
    return word.isascii() and word.isdigit() and len(word) < 10


class CouncilsForm(Form):
    """Councils with their boxes, and names to add others. `act`: the button; « search » only looks the names up."""

    councils = CheckboxesField("Les conseils", coerce=int, validate_choice=False)
    names = area_field(
        "Ajouter des conseils", most=4000, rows=3,
        description="Un par ligne : le nom du conseil, du quartier ou de la commune. Facultatif.",
    )  # fmt: skip
    act = StringField(default="send")

    def offer(self, finder, ids: Collection[int], but: int = 0) -> None:
        """Show these councils, ticked until somebody says else. `finder` reads names, as `services.choosing` does;
        `but`: the id of a council that needs no box."""
        self._finder, self._offered, self._but = finder, list(ids), but
        if not self.is_submitted():
            self.councils.data = list(ids)
        self._show()

    def _show(self, more=()):
        shown = {*self._offered, *(self.councils.data or ()), *more} - {self._but}
        entries = self._finder.entries(shown)
        self.councils.choices = [SelectChoice(entry.id, self._finder.wording(entry)) for entry in entries]
        known = {entry.id for entry in entries}
        self.councils.data = [one for one in dict.fromkeys(self.councils.data or ()) if one in known]

    def validate_names(self, field):
        """Tick the councils that are named; show those that may be meant, and say what is not found."""
        said = self._finder.named(field.data)
        self.councils.data = [*(self.councils.data or ()), *(entry.id for entry in said.found)]
        self._show(entry.id for entry in said.meant)
        field.data = "\n".join(said.unknown)
        sentences = []
        if said.unclear:
            names = _listed(said.unclear)
            sentences.append(f"{names} : plusieurs conseils répondent. Cochez les bons dans la liste.")
        if said.cut:
            names = _listed(said.cut)
            sentences.append(
                f"{names} : la liste n’en montre qu’une partie. Ajoutez le nom de la commune ou du quartier."
            )
        if said.unknown:
            names = _listed(said.unknown)
            sentences.append(f"{names} : aucun conseil de ce nom. Vérifiez, ou écrivez le nom de la commune.")
        if sentences:
            raise ValidationError(" ".join(sentences))

    @property
    def is_only_search(self) -> bool:
        """Whether names were to be looked up, and nothing else done."""
        return self.act.data == "search"

    def _require_councils(self, least, sentence):
        count = len(self.councils.data or ())
        if count < least and not self.is_only_search and not self.names.errors:
            field = self.councils if self.councils.choices else self.names  # the one that is on the page
            field.errors = [sentence]
        elif count > MOST_COUNCILS:
            self.councils.errors = [f"Cochez {MOST_COUNCILS} conseils au plus."]

    def validate(self, extra_validators=None) -> bool:
        """Return whether all is right; of names that are only looked up, whether each is found."""
        super().validate(extra_validators)
        if self.is_only_search:
            for field in self:
                if field.name not in ("names", "councils", "csrf_token"):
                    field.errors = []
        else:
            self.check_councils()
        return not self.errors and not self.was_kept

    def check_councils(self) -> None:
        """Say what is wrong with what is ticked."""


class AskForm(CouncilsForm):
    """What a councillor asks for: a group for one of their territories, or for a list of councils."""

    key = HiddenField(default="", filters=[one_line], validators=[Length(max=32)])
    name = _name_field("Comment l’appeler ?", description="Par exemple : Les conseils citoyens de l’agglomération.")
    purpose = area_field(
        "Pour quoi faire ?",
        required="Dites en une phrase ou deux ce que vous voulez faire ensemble.",
        most=2000,
        rows=4,
    )
    where = RadioField("Quels conseils ?", coerce=int, validators=[InputRequired("Choisissez une des réponses.")])

    def arrange(self, territories: Collection, finder, own: int = 0) -> None:
        """Offer these territories, and a list; where there are none, the list alone. `own`: the id of the council of
        whoever asks, which is in any group."""
        lines = ((place.id, f"Tous ceux de : {place.name} ({TERRITORY_KIND[place.kind]})") for place in territories)
        self.where.choices = [*(SelectChoice(*line) for line in lines), SelectChoice(LIST, "Une liste de conseils")]
        if not territories:
            del self.where
        self.own = own
        self.offer(finder, (), own)
        if not self.is_submitted():
            self.key.data = secrets.token_hex(16)

    def validate_key(self, field):
        """Draw another one for a form whose own was lost."""
        if len(field.data) < 16 or not field.data.isalnum():
            field.data = secrets.token_hex(16)

    def check_councils(self):
        """Ask for councils where a list was chosen."""
        if "where" not in self or (self.where.data == LIST and not self.where.errors):
            self._require_councils(1 if self.own else 2, "Écrivez les noms des conseils, un par ligne.")

    @property
    def territory_id(self) -> int | None:
        """The territory that was chosen, None for a list."""
        return self.where.data or None if "where" in self else None

    @property
    def council_ids(self) -> list[int]:
        """The councils of the list, with one's own."""
        return [] if self.territory_id else list(filter(None, [self.own, *self.councils.data]))


class GroupForm(CouncilsForm):
    """A group as the animator makes and changes it. `before`: its councils when the form was opened, so that only what
    was ticked or unticked changes."""

    before = HiddenField(default="")
    name = _name_field("Nom du groupe")
    purpose = area_field("Pour quoi faire ?", most=2000, rows=3, description="Ses membres le lisent. Facultatif.")

    least = 1
    too_few = "Gardez au moins un conseil. Pour fermer le groupe, archivez-le plutôt."

    def arrange(self, finder, ids: Collection[int]) -> None:
        """Offer the councils that it has."""
        self.offer(finder, ids)
        if not self.is_submitted():
            self.before.data = " ".join(map(str, sorted(ids)))

    def check_councils(self):
        """Refuse a group of nobody."""
        self._require_councils(self.least, self.too_few)

    @property
    def _known(self):
        return {int(word) for word in self.before.data.split()[:MOST_COUNCILS] if _is_id(word)}

    @property
    def added(self) -> set[int]:
        """The councils that were ticked since the form was opened."""
        return set(self.councils.data) - self._known

    @property
    def removed(self) -> set[int]:
        """The councils that were unticked."""
        return self._known - set(self.councils.data)


class NewGroupForm(GroupForm):
    """A group that the animator makes."""

    least = 2
    too_few = "Cochez au moins deux conseils : un groupe sert à échanger entre conseils."


class RefusalForm(Form):
    """Why a group is not made."""

    reason = area_field(
        "La raison",
        required="Écrivez la raison : cette personne la lira dans un courriel.",
        most=1000,
        description="Cette personne la lira dans un courriel.",
    )


class LeaveForm(Form):
    """How a council leaves a group."""

    shared = RadioField(
        "Ce que votre conseil a partagé avec ce groupe",
        choices=[
            SelectChoice(STAY, "reste lisible dans le groupe"),
            SelectChoice(OUT, "en est retiré : le groupe ne le lit plus"),
        ],
        default=STAY,
        validators=[InputRequired("Choisissez une des réponses.")],
    )
    reason = area_field(
        "Pourquoi ?", most=500, rows=3, description="L’équipe du site le lira. Les autres conseils, non. Facultatif."
    )

    @property
    def takes_out(self) -> bool:
        """Whether what was shared is taken out."""
        return "shared" in self and self.shared.data == OUT


class PlaceForm(QueryForm):
    """The search for the territory of a group."""

    q = search_field(
        "Pour quel territoire ?",
        f"Écrivez {MAX_LENGTH} caractères au plus : un département, une intercommunalité ou une commune.",
        description="Nom ou code d’un département, d’une intercommunalité ou d’une commune",
    )
    no_word = "Écrivez des lettres ou des chiffres : un département, une intercommunalité, une commune."

    @property
    def words(self) -> str:
        """What is looked for, nothing when that is nothing."""
        return self.q.data if fold(self.q.data or "") else ""


class AddressForm(QueryForm):
    """The address of the agenda of a group, in a field that a telephone selects whole; nothing is sent."""

    address = StringField("Adresse de l’agenda du groupe", render_kw={"readonly": True})
