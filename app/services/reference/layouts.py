"""The layouts of official files: which columns tell one from another, and what each column holds.

Columns are found by name, whatever their order, case and accents.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from app.services.reference import files
from app.services.reference.records import Authority, Kind
from app.services.reference.report import NotUnderstood
from app.text import fold

HEADER_WITHIN = 30  # rows searched for the header: some tables start with a title and notes
YEAR = re.compile(r"^(listcom|listeepci)\d{4}$")

TERRITORY_COLUMNS = {
    "code": ("code", "codeinsee", "siren"),
    "name": ("nom",),
    "level": ("niveau",),
    "region": ("coderegion",),
    "department": ("codedepartement",),
    "epci": ("sirenepci",),
    "ept": ("sirenept",),
    "population": ("population", "populationmunicipale"),
    "latitude": ("lat",),
    "longitude": ("lon",),
    "postal_codes": ("codespostaux",),
}
NEIGHBOURHOOD_COLUMNS = {
    "code": ("codeqp", "codequartier", "codeqpv", "qp", "codgeo", "code"),
    "name": ("nomqp", "libqp", "libqpv", "quartierprioritaire", "nom"),
    "communes": ("communesinsee", "inseecom", "listcomaaaa", "listedepcom", "codeinsee", "codecommune"),
    "commune_names": (
        "communesnoms", "libcom", "nomsdescommunesconcernees", "communesconcernees", "communeqp", "listelibdepcom",
        "listcom", "nomcommune",
    ),
    "department": ("codedepartement", "inseedep", "departement"),
    "department_name": ("nomdepartement", "libdep", "nomdept", "nomdep", "departement"),
    "region": ("coderegion", "inseereg"),
    "region_name": ("nomregion", "libreg", "nomreg"),
    "epci": ("sirenepci",),
    "epci_name": ("nomepci", "libepci"),
    "ept": ("sirenept",),
    "ept_name": ("nomept",),
    "population": ("population2018", "population2013", "popmuniqpv"),
    "latitude": ("lat",),
    "longitude": ("lon",),
    "precision": ("precisiongeo",),
    "point": ("geopoint2d",),
    "shape": ("geometry", "geoshape"),
    "contract_code": ("codecontratville",),
    "contract_name": ("nomcontratville",),
}  # fmt: skip
SUCCESSION_COLUMNS = {
    "code": ("codeqp2024", "qp2024"),
    "first": ("codeqp2014", "qp20151", "qp2015correspondant"),
    "second": ("qp20152",),
    "third": ("qp20153",),
}
CONTRACT_COLUMNS = {"code": ("code",), "name": ("nom",)}


@dataclass(frozen=True)
class Layout:
    """A kind of file, told by the columns that it must have. `has_totals`: it also has rows that are no
    neighbourhoods, dropped without a word."""

    label: str
    kind: Kind
    required: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    authority: Authority = Authority.LEADS
    has_totals: bool = False


def _list(label, *required, authority=Authority.CORRECTS, has_totals=False):
    return Layout(label, Kind.NEIGHBOURHOOD, required, NEIGHBOURHOOD_COLUMNS, authority, has_totals)


# The first that fits is taken: from the most columns to the fewest.
LAYOUTS = (
    _list("quartiers prioritaires (fichier préparé)", "code", "nom", "communesinsee", authority=Authority.LEADS),
    _list("liste des quartiers prioritaires (ANCT)", "codeqp", "libqp", "inseecom", "sirenepci",
          authority=Authority.LEADS),
    _list("liste des quartiers prioritaires (portail de données)", "codequartier", "nomsdescommunesconcernees",
          "geopoint2d"),
    _list("liste des quartiers prioritaires (ONPV)", "codequartier", "quartierprioritaire",
          "nomsdescommunesconcernees"),
    _list("décret de 2014 (Légifrance)", "codequartier", "departement", "communesconcernees",
          authority=Authority.FILLS),
    _list("table d’appartenance des quartiers (INSEE)", "qp", "libqp", "listcomaaaa", has_totals=True),
    _list("table d’appartenance des quartiers (INSEE), abrégée", "code", "nomqp", "inseecom"),
    _list("population des quartiers (INSEE)", "codeqpv", "libqpv", "popmuniqpv", authority=Authority.FILLS,
          has_totals=True),
    _list("démographie des quartiers (INSEE)", "nomqp", "qp", "listcom", authority=Authority.FILLS, has_totals=True),
    _list("logement social des quartiers (SDES)", "codgeo", "nblspls", authority=Authority.FILLS, has_totals=True),
    _list("contours des quartiers prioritaires", "codeqp", "geometry"),
    _list("liste de quartiers prioritaires", "codeqp", "nomqp"),
    _list("liste de quartiers prioritaires", "codeqp", "libqp"),
    Layout("filiation des quartiers, déduite", Kind.SUCCESSION, ("codeqp2014", "codeqp2024"), SUCCESSION_COLUMNS,
           Authority.FILLS),
    Layout("correspondance des quartiers (ANCT)", Kind.SUCCESSION, ("qp2024", "qp20151"), SUCCESSION_COLUMNS),
    Layout("correspondance des quartiers (ANCT)", Kind.SUCCESSION, ("qp2024", "qp2015correspondant"),
           SUCCESSION_COLUMNS),
    Layout("contrats de ville", Kind.CONTRACT, ("code", "nom", "codegeo2015"), CONTRACT_COLUMNS),
    Layout("intercommunalités", Kind.EPCI, ("siren", "nom", "niveau"), TERRITORY_COLUMNS),
    Layout("communes", Kind.COMMUNE, ("codeinsee", "nom", "codedepartement"), TERRITORY_COLUMNS),
    Layout("départements", Kind.DEPARTMENT, ("code", "nom", "coderegion", "lat", "lon"), TERRITORY_COLUMNS),
    Layout("régions", Kind.REGION, ("code", "nom", "lat", "lon"), TERRITORY_COLUMNS),
)  # fmt: skip
EXPECTED = (
    "code_qp, lib_qp, insee_com (quartiers) ; code_insee, nom, code_departement (communes) ; siren, nom, niveau "
    "(intercommunalités) ; code, nom, lat, lon (régions et départements) ; QP2024, QP2015_1 (correspondance)"
)


@dataclass(frozen=True)
class Table:
    """A file understood: `rows` are (number, cells), and `indices` says which cells may hold each field."""

    layout: Layout
    unit: str
    indices: dict[str, list[int]]
    required: list[int]
    rows: Iterator[tuple[int, list]]


def column_key(name: str) -> str:
    """Return a column's name as it is compared: « Code quartier », « CODE_QUARTIER » → « codequartier »."""
    return YEAR.sub(r"\1aaaa", fold(name).replace(" ", ""))


def recognise(text: str) -> Table:
    """Return what a text holds. Raises `NotUnderstood` with the columns that were expected."""
    if text.lstrip().startswith(("{", "[")):
        header, features = files.features(text)
        keys = [column_key(name) for name in header]
        return _table(_matching(keys) or _unknown(header), keys, iter(features), unit="élément")
    for delimiter in files.DELIMITERS:
        table = files.rows(text, delimiter)
        for _, cells in islice(table, HEADER_WITHIN):
            keys = [column_key(name) for name in cells]
            if layout := _matching(keys):
                return _table(layout, *_completed(keys, table))
    first = next(line for line in text.splitlines() if line.strip())
    return _unknown(first.split(max(files.DELIMITERS, key=first.count)))


def _matching(keys):
    present = set(keys)
    return next((layout for layout in LAYOUTS if present.issuperset(layout.required)), None)


def _unknown(header):
    seen = ", ".join(name.strip()[:30] for name in header[:8] if name.strip())
    raise NotUnderstood(f"colonnes non reconnues ({seen}). Colonnes attendues, par exemple : {EXPECTED}")


def _completed(keys, rows):
    """Give the decree's table, published with three names for four columns, the name that is missing."""
    first = next(rows, None)
    if first is None:
        return keys, rows
    if keys == ["codequartier", "departement", "communesconcernees"] and len(first[1]) == 4:
        keys = ["codequartier", "departement", "quartierprioritaire", "communesconcernees"]
    return keys, chain([first], rows)


def _table(layout, keys, rows, unit="ligne"):
    where = {field: [keys.index(a) for a in aliases if a in keys] for field, aliases in layout.columns.items()}
    required = [keys.index(key) for key in layout.required]
    return Table(layout, unit, {field: found for field, found in where.items() if found}, required, rows)
