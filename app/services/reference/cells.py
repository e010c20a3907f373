"""The cells of official tables made into values: codes that lost their zeros, lists, numbers, positions."""

import json
import math
import re

from app.geo import centroid
from app.services.cities import whole_city
from app.services.reference.report import BadRow

INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b-\u200f\ufeff]")
SEPARATORS = re.compile(r"[|;,]")
DEPARTMENT = re.compile(r"\d{2}|2[AB]|9[78]\d")
COMMUNE = re.compile(r"(\d{2}|2[AB])\d{3}")
NEIGHBOURHOOD = re.compile(r"QP\d{2}[0-9AB]\d{3}|QN\d{2}[0-9AB]\d{2}[MINC]")
LARGEST_NUMBER = 10**9


def clean(cell: str) -> str:
    """Return a cell without invisible characters, double blanks and the `="…"` that Excel keeps zeros with."""
    text = " ".join(INVISIBLE.sub("", cell).split())
    return text[2:-1].strip() if text.startswith('="') and text.endswith('"') and len(text) > 2 else text


def parts(text: str) -> tuple[str, ...]:
    """Return the items of a list in one cell: « Omissy; Saint-Quentin » → (« Omissy », « Saint-Quentin »)."""
    return tuple(item.strip() for item in SEPARATORS.split(text) if item.strip())


def name(text: str, length: int = 200) -> str:
    """Return a name. Raises `BadRow` when it is longer than its column or has damaged characters."""
    if "\ufffd" in text:
        raise BadRow(f"« {text[:40]} » a un caractère illisible")
    if len(text) > length:
        raise BadRow(f"« {text[:40]}… » dépasse {length} caractères")
    return text


def neighbourhood_code(text: str) -> str:
    """Return the code of a neighbourhood in capitals. Raises `BadRow`."""
    code = text.upper().replace(" ", "")
    if not code:
        raise BadRow("il manque le code du quartier")
    if not NEIGHBOURHOOD.fullmatch(code) or not code.isascii():
        raise BadRow(f"« {text[:40]} » n’est pas un code de quartier, comme QP001001 ou QN00101M")
    return code


def department_code(text: str) -> str:
    """Return the code of a department: « 1 » → « 01 ». Raises `BadRow`."""
    return _code(DEPARTMENT, text.upper().zfill(2), "département")


def region_code(text: str) -> str:
    """Return the code of a region: « 1 » → « 01 ». Raises `BadRow`."""
    return _code(re.compile(r"\d{2,3}"), text.zfill(2), "région")


def siren(text: str) -> str:
    """Return a SIREN number. Raises `BadRow`."""
    return _code(re.compile(r"\d{9}"), text.replace(" ", ""), "intercommunalité (SIREN)")


def commune_code(text: str) -> str:
    """Return the INSEE code of a commune, of the whole city for an arrondissement. Raises `BadRow`."""
    return whole_city(_code(COMMUNE, text.upper().removesuffix(".0").zfill(5), "commune"))


def commune_codes(text: str) -> tuple[str, ...]:
    """Return the codes of a list of communes, with or without separators between them. Raises `BadRow`."""
    items = [item for part in parts(text) for item in part.split()]
    chunks = (chunk for item in items for chunk in _chunks(item))
    return tuple(dict.fromkeys(commune_code(chunk) for chunk in chunks))


def integer(text: str) -> int | None:
    """Return a whole number, or None for anything else, such as the marks of statistical secrecy."""
    try:
        value = float(text.replace(" ", "").replace(",", "."))
    except ValueError:
        return None
    return round(value) if 0 <= value <= LARGEST_NUMBER else None


def position(latitude: str, longitude: str) -> tuple[float, float] | None:
    """Return two cells in degrees as numbers, None when both are empty. Raises `BadRow`."""
    if not latitude and not longitude:
        return None
    try:
        place = float(latitude.replace(",", ".")), float(longitude.replace(",", "."))
    except ValueError as error:
        raise BadRow(f"position « {latitude[:20]} {longitude[:20]} » illisible") from error
    return checked(*place)


def point(text: str) -> tuple[float, float] | None:
    """Return the latitude and longitude of one cell, « 46.21,5.22 ». Raises `BadRow`."""
    if not text:
        return None
    latitude, _, longitude = text.strip("()[] ").partition(",")
    return position(latitude.strip(), longitude.strip())


def shape_centre(shape: dict | str | None) -> tuple[float, float] | None:
    """Return the latitude and longitude of the centre of a GeoJSON geometry, given as text or read.

    The centre of several polygons is weighted by their areas; holes do not count. Raises `BadRow`.
    """
    if not shape:
        return None
    try:
        shape = json.loads(shape) if isinstance(shape, str) else shape
        longitude, latitude = _centre(shape["type"], shape["coordinates"])
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise BadRow("contour illisible") from error
    return checked(latitude, longitude)


def checked(latitude: float, longitude: float) -> tuple[float, float]:
    """Return a position rounded to a metre. Raises `BadRow` when it is not on Earth."""
    if not (math.isfinite(latitude) and abs(latitude) <= 90 and math.isfinite(longitude) and abs(longitude) <= 180):
        raise BadRow("position hors limites : il faut des degrés (WGS 84), pas des mètres (Lambert 93)")
    return round(latitude, 5), round(longitude, 5)


def _code(pattern, text, noun):
    if not pattern.fullmatch(text) or not text.isascii():
        raise BadRow(f"« {text[:40]} » n’est pas un code de {noun}")
    return text


def _chunks(codes):
    """Cut codes of five characters written without separators; the first may have lost its zero."""
    padded = "0" * (-len(codes) % 5) + codes if len(codes) > 5 and len(codes) % 5 == 4 else codes
    return [padded[i : i + 5] for i in range(0, len(padded), 5)] if len(padded) % 5 == 0 else [codes]


def _centre(kind, coordinates):
    if kind == "Point":
        return float(coordinates[0]), float(coordinates[1])
    outer = {"Polygon": lambda: [coordinates[0]], "MultiPolygon": lambda: [rings[0] for rings in coordinates]}
    centres = [centroid([(float(p[0]), float(p[1])) for p in ring]) for ring in outer[kind]()]
    whole = sum(area for _, area in centres)
    weights = [area / whole if whole else 1 / len(centres) for _, area in centres]
    return tuple(sum(w * centre[axis] for w, (centre, _) in zip(weights, centres, strict=True)) for axis in (0, 1))
