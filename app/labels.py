"""The kinds of things that the code tells apart, and the French words for each."""

from enum import StrEnum


class TerritoryKind(StrEnum):
    """The levels of the official geography."""

    REGION = "region"
    DEPARTMENT = "department"
    EPCI = "epci"
    COMMUNE = "commune"


TERRITORY_KIND = {
    TerritoryKind.REGION: "région",
    TerritoryKind.DEPARTMENT: "département",
    TerritoryKind.EPCI: "intercommunalité",
    TerritoryKind.COMMUNE: "commune",
}


class Precision(StrEnum):
    """How well the place of a neighbourhood is known."""

    EXACT = "exact"  # the centre of its perimeter
    UNCERTAIN = "uncertain"  # the right commune, perhaps the perimeter of the one beside it
    COMMUNE = "commune"  # the centre of its commune
    UNKNOWN = "unknown"


PRECISION = {
    Precision.EXACT: "centre du quartier",
    Precision.UNCERTAIN: "position approchée, peut-être celle d’un quartier voisin",
    Precision.COMMUNE: "position approchée, au centre de la commune",
    Precision.UNKNOWN: "position inconnue",
}
