"""What the address of a list of publications narrows it to: read in one place for the list and for its feed."""

from werkzeug.datastructures import MultiDict

from app.access import Viewer, get_readable_or_404
from app.forms.listing import NO_WORD, UNKNOWN, ActionsForm, ListForm, PublicationsForm, SharedForm
from app.models import Action, Council, Publication
from app.services import publishing, shelves, texts
from app.services.directory import Directory, directory
from app.services.finding import search
from app.templating import quoted

MOST = 20  # councils to choose from
NOTHING = "Les conseils de ce nom n’ont encore rien partagé ici. Écrivez un autre nom, ou celui d’une autre commune."


def narrow(form: ListForm, conditions: list) -> bool:
    """Add what was asked for in the fields of a list to its conditions; tell whether it is right."""
    if not form.validate():
        return False
    if form.q.data:
        matches = texts.matching(form.q.data)
        if matches is None:
            form.q.errors = [NO_WORD]
            return False
        conditions.append(matches)
    conditions += [shelves.NARROWED[name](form[name].data) for name in form.narrowed]
    return True


class Asked:
    """What an address narrows a list of all councils to: the form, the council, and the conditions that they make.

    `is_right`: there is a list to show. If not, the form says what to do; or `choices` are councils to choose from,
    because the name that was typed is that of several that share something (`has_more`: of still
    more). `found`: the slug of the only one of that name.
    """

    form_class: type[SharedForm] = PublicationsForm
    model: type[Publication] = Publication
    fields: tuple[str, ...] = ("type", "theme", "territoire", "nom", "annee")

    def __init__(self, args: MultiDict, viewer: Viewer):
        self.viewer, self.conditions = viewer, []
        self.choices, self.has_more, self.found = [], False, ""
        self.form = self.form_class(_with_territory(args))
        self.form.offer(publishing.themes(), territoire=territories(directory()))
        slug = args.get("conseil")
        self.council = get_readable_or_404(Council, viewer, slug=slug) if slug else None
        if self.council:
            self.conditions.append(Publication.council_id == self.council.id)
        self.is_right = narrow(self.form, self.conditions) and self._finds_council()

    def _finds_council(self):
        """Tell whether no name was typed; if one was, say which councils have it, or what to do."""
        name = self.form.nom.data
        if not name:
            return True
        found = search(directory(), name)
        entries = found.councils if found else []
        if len(entries) > 1 and found.areas and not found.communes:
            entries = []  # all those of a department or a region, which has a list of its own
        if len(entries) == 1:
            self.found = entries[0].slug
        elif entries:
            self._offer(entries)
        else:
            self.form.nom.errors = [_why(found)]
        return False

    def _offer(self, entries):
        """Let one choose among the councils of a name: of very many, few share anything."""
        sharing = shelves.sharing(self.viewer, [entry.id for entry in entries], self.model)
        shown = [entry for entry in entries if entry.id in sharing]
        self.choices, self.has_more = shown[:MOST], len(shown) > MOST
        if not shown:
            self.form.nom.errors = [NOTHING]

    @property
    def kept(self) -> dict[str, str]:
        """The arguments that narrow the list, by name. That of a council leads to it, and narrows nothing."""
        names = [name for name in ("q", *self.fields) if name != "nom"]
        kept = {name: self.form[name].data for name in names if self.form[name].data}
        return kept | ({"conseil": self.council.slug} if self.council else {})

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for but a council."""
        return bool(self.kept.keys() - {"conseil"})

    @property
    def words(self) -> list[str]:
        """What it is narrowed to, in words: « Conseil citoyen Croix Blanche », « Santé », « jardin »."""
        council = [f"Conseil citoyen {self.council.name}"] if self.council else []
        return [*council, *self.form.chosen, *([quoted(self.form.q.data)] if self.form.q.data else [])]

    @property
    def query(self) -> dict:
        """What the functions of `shelves` are told about the list, beside its conditions."""
        place = self.form.territoire.data
        few = self.council or self.form.q.data or (place and not place.startswith(shelves.REGION))
        return {"model": self.model, "is_narrow": bool(few)}


class AskedActions(Asked):
    """The same for the list of fiches-actions."""

    form_class = ActionsForm
    model = Action
    fields = ("etape", "theme", "territoire", "nom", "annee")


def _with_territory(args):
    """Return the arguments with the name that the territory has now: addresses of departments are kept by people."""
    if "departement" not in args or args.get("territoire"):
        return args
    return MultiDict(args.to_dict() | {"territoire": args["departement"]})


def territories(places: Directory) -> list[tuple]:
    """Return the lines of regions and departments, each region with its departments under it."""
    lines = []
    for region in places.regions.values():
        inside = places.departments_of(region.code)
        if len(inside) > 1:
            lines.append((f"{shelves.REGION}{region.code}", f"{region.name} (toute la région)", {}, region.name))
        lines += [_line(place, region.name) for place in inside]
    return lines + [_line(place, "Hors des régions") for place in places.departments_of("")]


def _line(place, group):
    return (place.code, f"{place.code} {place.name}", {}, group)


def _why(found):
    """Return the sentence about a name of no council: perhaps it is that of an area, or of a commune that has none."""
    if found and found.areas:
        return f"{quoted(found.areas[0].name)} : choisissez-le dans la liste « Territoire »."
    if found and found.place:
        return f"{found.place.name} n’a pas de conseil citoyen connu du site. Écrivez une autre commune."
    return UNKNOWN
