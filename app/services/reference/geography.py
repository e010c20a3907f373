"""Territories and postal codes written: what the database has, what the files say, and the difference."""

from collections import defaultdict

from sqlalchemy import bindparam, delete, insert, select, update

from app.extensions import db
from app.labels import TerritoryKind
from app.models.territory import PostalCode, Territory
from app.services.reference.names import CommuneNames, better_name
from app.services.reference.records import Kind, Source, TerritoryRecord
from app.services.reference.report import Report

PARENTS = {
    "region": TerritoryKind.REGION,
    "department": TerritoryKind.DEPARTMENT,
    "epci": TerritoryKind.EPCI,
    "ept": TerritoryKind.EPCI,
}
PLAIN = ("name", "level", "population", "latitude", "longitude")
KINDS = {
    TerritoryKind.REGION: Kind.REGION,
    TerritoryKind.DEPARTMENT: Kind.DEPARTMENT,
    TerritoryKind.EPCI: Kind.EPCI,
    TerritoryKind.COMMUNE: Kind.COMMUNE,
}  # in the order in which they are written: a kind after its parents
UNKNOWN = {
    TerritoryKind.REGION: ("région inconnue", "régions inconnues"),
    TerritoryKind.DEPARTMENT: ("département inconnu", "départements inconnus"),
    TerritoryKind.EPCI: ("intercommunalité inconnue", "intercommunalités inconnues"),
}
TABLE, POSTAL_CODES = Territory.__table__, PostalCode.__table__


class Geography:
    """The territories in memory. `rows[kind][code]` holds the plain columns, and the parents as codes.

    `learn` changes the memory, `write` the database.
    """

    def __init__(self):
        self.ids: dict[TerritoryKind, dict[str, int]] = {kind: {} for kind in KINDS}
        self.rows: dict[TerritoryKind, dict[str, dict]] = {kind: {} for kind in KINDS}
        self.before: dict[TerritoryKind, dict[str, dict]] = {kind: {} for kind in KINDS}
        self.touched: dict[TerritoryKind, set[str]] = {kind: set() for kind in KINDS}
        self.postal_codes: dict[str, tuple[str, ...]] = {}
        stored = db.session.execute(select(TABLE)).mappings().all()
        codes = {row["id"]: row["code"] for row in stored}
        for row in stored:
            values = {name: row[name] for name in PLAIN}
            self.ids[row["kind"]][row["code"]] = row["id"]
            self.rows[row["kind"]][row["code"]] = values | {p: codes.get(row[f"{p}_id"]) for p in PARENTS}
            self.before[row["kind"]][row["code"]] = values | {f"{p}_id": row[f"{p}_id"] for p in PARENTS}

    def learn(self, record: TerritoryRecord, *, is_main: bool) -> None:
        """Take what a file says; `is_main`: the file is about this kind of territory, so it corrects what is known.

        What it leaves empty is kept. Other files only give what is missing.
        """
        said = {name: getattr(record, name) for name in (*PLAIN, *PARENTS)}
        row = self.rows[record.kind].setdefault(record.code, dict.fromkeys(said))
        name = row["name"]
        for field, value in said.items():
            if value is not None and (is_main or row[field] is None):
                row[field] = value
        row["name"] = better_name(name or "", row["name"])
        if is_main:
            self.touched[record.kind].add(record.code)
            if record.postal_codes:
                self.postal_codes[record.code] = record.postal_codes

    def tell_unknown_parents(self, source: Source, report: Report) -> None:
        """Remark on the parents that a file of territories names and no file describes: its rows go without them."""
        unknown: dict[TerritoryKind, dict[str, set[int]]] = {kind: defaultdict(set) for kind in UNKNOWN}
        for line, record in source.records:
            for name, kind in PARENTS.items():
                code = getattr(record, name)
                if code is not None and code not in self.rows[kind]:
                    unknown[kind][code].add(line)
        for kind, lines_of in reversed(unknown.items()):
            if lines_of:
                number = len(set().union(*lines_of.values()))
                rows = f"{number} {source.unit}{'s' if number > 1 else ''}"
                what = f"{len(lines_of)} {UNKNOWN[kind][len(lines_of) > 1]}, par exemple « {min(lines_of)} » ({rows})"
                report.remark_file(source, f"{what} : importez aussi leur fichier, dans la même commande")

    def position(self, commune: str) -> tuple[float, float] | None:
        """Return the centre of a commune, None when it is not known."""
        row = self.rows[TerritoryKind.COMMUNE].get(commune) or {}
        return None if row.get("latitude") is None else (row["latitude"], row["longitude"])

    def commune_names(self) -> CommuneNames:
        """Return the index of the communes by name."""
        communes = self.rows[TerritoryKind.COMMUNE].items()
        return CommuneNames([(code, row["name"], row["department"]) for code, row in communes])

    def write(self, report: Report) -> None:
        """Insert and update what changed, kind after kind, and count it."""
        for kind in KINDS:
            created, updated = self._write_kind(kind)
            if kind is TerritoryKind.COMMUNE and self.postal_codes:
                updated |= self._write_postal_codes() - created
            if created or updated or self.touched[kind]:
                unchanged = len(self.touched[kind] - created - updated)
                report.count(KINDS[kind], created=len(created), updated=len(updated), unchanged=unchanged)

    def _write_kind(self, kind):
        before, after = self.before[kind], {code: self._values(row) for code, row in self.rows[kind].items()}
        created = after.keys() - before.keys()
        updated = {code for code in before if before[code] != after[code]}
        if created:
            db.session.execute(insert(TABLE), [after[code] | {"kind": kind, "code": code} for code in sorted(created)])
            found = db.session.execute(select(TABLE.c.code, TABLE.c.id).where(TABLE.c.kind == kind))
            self.ids[kind] = {code: row_id for code, row_id in found}
        if updated:
            columns = {name: bindparam(name) for name in (*PLAIN, *(f"{name}_id" for name in PARENTS))}
            statement = update(TABLE).where(TABLE.c.id == bindparam("row_id")).values(columns)
            db.session.execute(statement, [after[code] | {"row_id": self.ids[kind][code]} for code in sorted(updated)])
        return created, updated

    def _values(self, row):
        """Return a row as columns; a parent that nobody described is left out."""
        parents = {f"{name}_id": self.ids[kind].get(row[name]) for name, kind in PARENTS.items()}
        return {name: row[name] for name in PLAIN} | parents

    def _write_postal_codes(self):
        """Replace the postal codes of the communes that gave theirs; return the codes of those that changed."""
        communes = self.ids[TerritoryKind.COMMUNE]
        concerned = {communes[code]: code for code in self.postal_codes}
        wanted = {(p, communes[code]) for code, codes in self.postal_codes.items() for p in codes}
        stored = {tuple(row) for row in db.session.execute(select(POSTAL_CODES.c.code, POSTAL_CODES.c.commune_id))}
        stale = {row for row in stored - wanted if row[1] in concerned}
        if stale:
            this = (POSTAL_CODES.c.code == bindparam("p")) & (POSTAL_CODES.c.commune_id == bindparam("c"))
            db.session.execute(delete(POSTAL_CODES).where(this), [{"p": p, "c": c} for p, c in stale])
        if wanted - stored:
            rows = [{"code": p, "commune_id": c} for p, c in sorted(wanted - stored)]
            db.session.execute(insert(POSTAL_CODES), rows)
        return {concerned[commune] for _, commune in stale | (wanted - stored)}
