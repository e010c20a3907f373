"""The directory as open data: one row for each council, as CSV and as GeoJSON."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.access import VISITOR, readable
from app.extensions import db
from app.models import Council, Precision, TerritoryKind

BATCH = 500  # councils read at once: memory does not grow with the directory

# Name of each column, with what it holds.
COLUMNS = {
    "identifiant": "nombre qui désigne le conseil et ne change jamais",
    "nom": "nom du conseil citoyen",
    "page": "adresse de sa page sur ce site",
    "quartiers_codes": "codes officiels des quartiers prioritaires (QP… en 2014, QN… en 2024), séparés par |",
    "quartiers_noms": "noms de ces quartiers, dans le même ordre",
    "communes_insee": "codes INSEE des communes, séparés par |",
    "communes_noms": "noms de ces communes, dans le même ordre",
    "epci_siren": "numéros SIREN des intercommunalités, séparés par |",
    "departements_codes": "codes INSEE des départements, séparés par |",
    "regions_codes": "codes INSEE des régions, séparés par |",
    "latitude": "en degrés, système WGS 84 ; vide si la position est inconnue",
    "longitude": "en degrés, système WGS 84",
    "precision": "exacte : centre du quartier ; incertaine : à vérifier ; commune : centre de la commune ; inconnue",
    "telephone": "numéro publié par le conseil ; une apostrophe le précède s’il commence par +",
    "site": "première adresse Internet publiée par le conseil",
    "modifie_le": "date et heure (UTC, ISO 8601) du dernier changement de la page ; vide si elle n’est pas remplie",
    "demonstration": "oui : donnée inventée pour la démonstration ; non : donnée réelle",
}


PRECISION = {
    Precision.EXACT: "exacte",
    Precision.UNCERTAIN: "incertaine",
    Precision.COMMUNE: "commune",
    Precision.UNKNOWN: "inconnue",
}


def rows(page_url) -> Iterator[dict]:
    """Yield each public council as a mapping of `COLUMNS`. `page_url` makes the address of a page from its slug."""
    parts = (Council.neighbourhoods, Council.territories, Council.links)
    statement = select(Council).where(readable(Council, VISITOR)).order_by(Council.id).limit(BATCH)
    statement = statement.options(*(selectinload(part) for part in parts))
    last = 0
    while councils := db.session.scalars(statement.where(Council.id > last)).all():
        for council in councils:
            yield _row(council, page_url)
        last = councils[-1].id
        db.session.expunge_all()


def _row(council, page_url):
    communes = council.territories_of(TerritoryKind.COMMUNE)
    return {
        "identifiant": council.id,
        "nom": council.name,
        "page": page_url(council.slug),
        "quartiers_codes": _join(place.code for place in council.neighbourhoods),
        "quartiers_noms": _join(place.name for place in council.neighbourhoods),
        "communes_insee": _join(place.code for place in communes),
        "communes_noms": _join(place.name for place in communes),
        "epci_siren": _join(place.code for place in council.territories_of(TerritoryKind.EPCI)),
        "departements_codes": _join(place.code for place in council.territories_of(TerritoryKind.DEPARTMENT)),
        "regions_codes": _join(place.code for place in council.territories_of(TerritoryKind.REGION)),
        "latitude": council.latitude,
        "longitude": council.longitude,
        "precision": PRECISION[council.precision],
        "telephone": council.phone,
        "site": council.links[0].url if council.links else "",
        "modifie_le": council.edited_at.isoformat(timespec="seconds") if council.edited_at else "",
        "demonstration": "oui" if council.is_demo else "non",
    }


def _join(values):
    return "|".join(value.replace("|", " ") for value in values)
