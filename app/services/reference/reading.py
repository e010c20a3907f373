"""Rows of a table that was recognised, made into records."""

from pathlib import Path

from app.labels import Precision, TerritoryKind
from app.services.reference import cells, files
from app.services.reference.layouts import Table, recognise
from app.services.reference.names import with_small_words
from app.services.reference.records import (
    ContractRecord,
    Kind,
    NeighbourhoodRecord,
    Source,
    SuccessionRecord,
    TerritoryRecord,
)
from app.services.reference.report import BadRow, Report

TERRITORY_KINDS = {
    Kind.REGION: (TerritoryKind.REGION, cells.region_code),
    Kind.DEPARTMENT: (TerritoryKind.DEPARTMENT, cells.department_code),
    Kind.EPCI: (TerritoryKind.EPCI, cells.siren),
    Kind.COMMUNE: (TerritoryKind.COMMUNE, cells.commune_code),
}
PRECISIONS = {
    "perimetre_2014": Precision.EXACT,
    "perimetre_2014_apparie": Precision.EXACT,
    "perimetre_2024": Precision.EXACT,
    "": Precision.EXACT,
    "perimetre_2014_incertain": Precision.UNCERTAIN,
    "commune": Precision.COMMUNE,
}


def read(path: Path, name: str, report: Report) -> Source:
    """Return the records of one file; its bad rows go to the report. Raises `NotUnderstood`."""
    table = recognise(files.read_text(path))
    source = Source(name, table.layout.label, table.layout.kind, table.layout.authority, table.unit)
    seen: dict[str, int] = {}
    for line, row in table.rows:
        if any(cell.strip() if isinstance(cell, str) else cell for cell in row):
            try:
                _add(source, line, _record(table, row), seen, report)
            except BadRow as error:
                report.refuse(source, line, str(error))
    return source


def _add(source, line, record, seen, report):
    """Append a record; of two with one code in the same file the last stays. Successions add up instead."""
    if record is None:
        return
    earlier = seen.get(record.code)
    if earlier is None or source.kind is Kind.SUCCESSION:
        seen[record.code] = len(source.records)
        source.records.append((line, record))
    elif source.records[earlier][1] != record:
        other = f"{source.unit} {source.records[earlier][0]}"
        report.remark(source, line, f"{record.code}, déjà donné {other}, a d’autres valeurs ; les dernières comptent")
        source.records[earlier] = (line, record)


def _record(table: Table, row: list):
    if len(row) <= max(table.required):
        raise BadRow("il manque des cellules")
    get = {field: _first(row, indices) for field, indices in table.indices.items()}
    if table.layout.has_totals and not get["code"].upper().startswith(("QP", "QN")):
        return None
    if table.layout.kind is Kind.NEIGHBOURHOOD:
        return _neighbourhood(get)
    if table.layout.kind is Kind.SUCCESSION:
        return _succession(get)
    if table.layout.kind is Kind.CONTRACT:
        return ContractRecord(cells.name(get["code"], 10), cells.name(get["name"]))
    return _territory(table.layout.kind, get)


def _first(row, indices):
    """Return the first of these cells that is not empty; a geometry as it is."""
    for index in indices:
        cell = row[index] if index < len(row) else ""
        cell = cells.clean(cell) if isinstance(cell, str) else cell
        if cell:
            return cell
    return ""


def _territory(kind, get):
    territory_kind, code = TERRITORY_KINDS[kind]
    if not get["name"]:
        raise BadRow("il manque le nom")
    latitude, longitude = cells.position(get.get("latitude", ""), get.get("longitude", "")) or (None, None)
    level = get.get("level", "").lower() or None
    if level not in (None, "epci", "ept"):
        raise BadRow(f"niveau « {level} » inconnu : écrivez epci ou ept")
    return TerritoryRecord(
        territory_kind, code(get["code"]), cells.name(get["name"]), level,
        region=_optional(cells.region_code, get.get("region")),
        department=_optional(cells.department_code, get.get("department")),
        epci=_optional(cells.siren, get.get("epci")),
        ept=_optional(cells.siren, get.get("ept")),
        population=cells.integer(get.get("population", "")),
        latitude=latitude, longitude=longitude,
        postal_codes=_postal_codes(get.get("postal_codes", "")),
    )  # fmt: skip


def _optional(convert, text):
    """Return the code of a parent, or None for what is none, such as INSEE's ZZZZZZZZZ outside any EPCI."""
    try:
        return convert(text) if text else None
    except BadRow:
        return None


def _postal_codes(text):
    codes = [code.zfill(5) for code in cells.parts(text)]
    if not all(code.isascii() and code.isdigit() and len(code) == 5 for code in codes):
        raise BadRow(f"« {text[:40]} » n’est pas une liste de codes postaux")
    return tuple(dict.fromkeys(codes))


def _succession(get):
    fields = ("first", "second", "third")
    earlier = [code for field in fields for code in cells.parts(get.get(field, "").replace(" ", ";"))]
    return SuccessionRecord(
        cells.neighbourhood_code(get["code"]), tuple(dict.fromkeys(cells.neighbourhood_code(e) for e in earlier))
    )


def _neighbourhood(get):
    code = cells.neighbourhood_code(get["code"])
    position, precision, is_surveyed = _position(get)
    communes = cells.commune_codes(get.get("communes", ""))
    names = cells.parts(get.get("commune_names", ""))
    latitude, longitude = position or (None, None)
    return NeighbourhoodRecord(
        code, with_small_words(cells.name(get.get("name", ""))), communes, names,
        territories=tuple(_named_territories(get, NeighbourhoodRecord(code).department, communes, names)),
        population=cells.integer(get.get("population", "")),
        latitude=latitude, longitude=longitude, precision=precision, is_surveyed=is_surveyed,
        contract_code=cells.name(get.get("contract_code", ""), 10),
        contract_name=cells.name(get.get("contract_name", "")),
    )  # fmt: skip


def _position(get):
    """Return the best position of a row, how precise it is, and whether it comes from a perimeter."""
    if centre := cells.shape_centre(get.get("shape")):
        return centre, Precision.EXACT, True
    precision = PRECISIONS.get(get.get("precision", ""), Precision.UNCERTAIN)
    found = cells.point(get.get("point", "")) or cells.position(get.get("latitude", ""), get.get("longitude", ""))
    return (found, precision, False) if found else (None, Precision.UNKNOWN, False)


def _named_territories(get, department, communes, names):
    """Yield the places that a row names with their codes, the parents first."""
    department = _optional(cells.department_code, get.get("department")) or department
    region = _optional(cells.region_code, get.get("region"))
    epci, ept = _optional(cells.siren, get.get("epci")), _optional(cells.siren, get.get("ept"))
    if region and get.get("region_name"):
        yield TerritoryRecord(TerritoryKind.REGION, region, cells.name(get["region_name"]))
    if get.get("department_name", "")[:1].isalpha():
        yield TerritoryRecord(TerritoryKind.DEPARTMENT, department, cells.name(get["department_name"]), region=region)
    for siren, level in ((epci, "epci"), (ept, "ept")):
        if siren and get.get(f"{level}_name"):
            name = cells.name(get[f"{level}_name"])
            yield TerritoryRecord(TerritoryKind.EPCI, siren, name, level, region=region, department=department)
    if len(communes) == len(names):
        for index, (code, name) in enumerate(zip(communes, names, strict=True)):
            own = code[:3] if code.startswith(("97", "98")) else code[:2]
            # The EPCI of the row is that of its first commune.
            yield TerritoryRecord(
                TerritoryKind.COMMUNE, code, cells.name(name), region=region if own == department else None,
                department=own, epci=None if index else epci, ept=None if index else ept,
            )  # fmt: skip
