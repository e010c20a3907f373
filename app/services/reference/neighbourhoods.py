"""Neighbourhoods, their communes, successions and contracts written: what is known, what files say, the difference."""

from sqlalchemy import bindparam, delete, insert, select, update

from app.extensions import db
from app.geo import distance_km
from app.labels import Precision, TerritoryKind
from app.models.neighbourhood import Neighbourhood, neighbourhood_communes, neighbourhood_successions
from app.models.territory import Territory
from app.services.councils import DEMO
from app.services.reference.geography import Geography
from app.services.reference.names import better_name
from app.services.reference.records import Authority, Kind, NeighbourhoodRecord, Source
from app.services.reference.report import Report

PLAIN = ("name", "generation", "latitude", "longitude", "precision", "population", "contract_code", "contract_name")
PRECISIONS = (Precision.UNKNOWN, Precision.COMMUNE, Precision.UNCERTAIN, Precision.EXACT)  # from the worst
# The farthest from its commune's centre is 15 km in mainland France, 63 km overseas (Saint-Laurent-du-Maroni).
FARTHEST_KM, FARTHEST_OVERSEAS_KM = 30, 100
TABLE = Neighbourhood.__table__

Entry = tuple[Source, int, NeighbourhoodRecord]


class Neighbourhoods:
    """The neighbourhoods in memory, by code. `communes` holds their communes as codes, in the official order.

    Those of the demo are left alone.
    """

    def __init__(self, geography: Geography):
        self.geography = geography
        stored = db.session.execute(select(TABLE).where(~TABLE.c.code.startswith(DEMO))).mappings().all()
        self.ids: dict[str, int] = {row["code"]: row["id"] for row in stored}
        self.rows: dict[str, dict] = {row["code"]: {name: row[name] for name in PLAIN} for row in stored}
        self.communes: dict[str, tuple[str, ...]] = _stored_communes()
        self.before = {code: (dict(row), self.communes.get(code, ())) for code, row in self.rows.items()}
        self.touched: set[str] = set()

    def learn(self, entries: list[Entry], report: Report) -> None:
        """Take what the files say about neighbourhoods; the entries may come in any order."""
        names = self.geography.commune_names() if entries else None
        by_code: dict[str, list[Entry]] = {}
        for entry in sorted(entries, key=lambda entry: (entry[0].authority, entry[0].name, entry[1])):
            by_code.setdefault(entry[2].code, []).append(entry)
        for code, group in by_code.items():
            self._learn_one(code, group, names, report)
        self._centre_vague_ones()

    def _learn_one(self, code, group, names, report):
        communes = self.communes.get(code, ())
        for source, line, record in group:
            communes = self._communes(communes, source, line, record, names, report)
        if code not in self.rows and not communes:
            for source, line, record in group:
                report.refuse(source, line, _why_unknown(record))
            return
        self.communes[code] = communes
        self.touched.add(code)
        row = self.rows.setdefault(code, dict.fromkeys(PLAIN) | {"precision": Precision.UNKNOWN})
        row["generation"] = group[0][2].generation
        row["name"] = _name(row["name"], code, group)
        _fill(row, group)
        self._place(code, group, report)

    def _communes(self, known, source, line, record, names, report):
        """Return the communes after one more file: codes before names, and a short list never shortens a long one."""
        if known and not record.communes:
            return known
        exist = self.geography.rows[TerritoryKind.COMMUNE]
        new = tuple(code for code in record.communes if code in exist)
        if len(record.commune_names) > len(record.communes):
            found = (code for name in record.commune_names for code in names.codes(name, record.department))
            new = tuple(dict.fromkeys((*new, *found)))
        unknown = [code for code in record.communes if code not in exist]
        if unknown and (known or new):
            report.remark(source, line, f"commune inconnue : {', '.join(unknown)}, laissée de côté")
        is_shorter = set(new) <= set(known) and source.authority < Authority.LEADS
        return known if known and (is_shorter or not new or source.authority is Authority.FILLS) else new

    def _place(self, code, group, report):
        """Keep the best position: the most precise, then a perimeter's, then the newest."""
        centre, best = self._centre(code), None
        for entry in group:
            found = _position(entry, centre, report)
            if found and (best is None or found[:2] >= best[:2]):
                best = found
        row = self.rows[code]
        if best and best[0] >= PRECISIONS.index(row["precision"]):
            row["precision"], (row["latitude"], row["longitude"]) = PRECISIONS[best[0]], best[2]

    def _centre_vague_ones(self):
        """Put the neighbourhoods without a place of their own at the centre of their commune."""
        for code, row in self.rows.items():
            centre = self._centre(code) if row["precision"] in PRECISIONS[:2] else None
            if centre:
                row["precision"], (row["latitude"], row["longitude"]) = Precision.COMMUNE, centre

    def _centre(self, code):
        communes = self.communes.get(code)
        return self.geography.position(communes[0]) if communes else None

    def write(self, report: Report) -> dict[int, str]:
        """Insert and update what changed, count it, and return the former names of those that were renamed, by id."""
        created = self.rows.keys() - self.before.keys()
        updated = {
            code for code, before in self.before.items() if before != (self.rows[code], self.communes.get(code, ()))
        }
        if created:
            db.session.execute(insert(TABLE), [self.rows[code] | {"code": code} for code in sorted(created)])
            self.ids = {code: row_id for code, row_id in db.session.execute(select(TABLE.c.code, TABLE.c.id))}
        if updated:
            columns = {name: bindparam(name) for name in PLAIN}
            statement = update(TABLE).where(TABLE.c.id == bindparam("row_id")).values(columns)
            db.session.execute(statement, [self.rows[code] | {"row_id": self.ids[code]} for code in sorted(updated)])
        self._write_communes(created, updated)
        if self.touched or updated:
            unchanged = len(self.touched - created - updated)
            report.count(Kind.NEIGHBOURHOOD, created=len(created), updated=len(updated), unchanged=unchanged)
        former = {code: self.before[code][0]["name"] for code in updated}
        return {self.ids[code]: name for code, name in former.items() if name != self.rows[code]["name"]}

    def _write_communes(self, created, updated):
        moved = {code for code in updated if self.before[code][1] != self.communes[code]}
        if moved:
            stale = neighbourhood_communes.c.neighbourhood_id.in_([self.ids[code] for code in moved])
            db.session.execute(delete(neighbourhood_communes).where(stale))
        commune_ids = self.geography.ids[TerritoryKind.COMMUNE]
        rows = [
            {"neighbourhood_id": self.ids[code], "commune_id": commune_ids[commune], "position": position}
            for code in sorted(created | moved)
            for position, commune in enumerate(self.communes[code])
        ]
        if rows:
            db.session.execute(insert(neighbourhood_communes), rows)

    def learn_contracts(self, sources: list[Source], report: Report) -> None:
        """Give the contracts their official names."""
        names = {record.code: record.name for source in sources for _, record in source.records}
        renamed = set()
        for row in self.rows.values():
            name = names.get(row["contract_code"])
            if name and name != row["contract_name"]:
                row["contract_name"] = name
                renamed.add(row["contract_code"])
        if names:
            report.count(Kind.CONTRACT, created=0, updated=len(renamed), unchanged=len(names) - len(renamed))

    def write_successions(self, sources: list[Source], report: Report) -> None:
        """Write which neighbourhoods of 2014 each one of 2024 continues; a deduced list only fills the gaps."""
        codes = {row_id: code for code, row_id in self.ids.items()}
        before: dict[str, frozenset] = {}
        for earlier, later in db.session.execute(select(neighbourhood_successions)):
            before[codes[later]] = before.get(codes[later], frozenset()) | {codes[earlier]}
        after = self._successions(sources, before, report)
        created, updated = after.keys() - before.keys(), {c for c in after if c in before and before[c] != after[c]}
        if updated:
            stale = neighbourhood_successions.c.later_id.in_([self.ids[code] for code in updated])
            db.session.execute(delete(neighbourhood_successions).where(stale))
        if created or updated:
            pairs = [(earlier, code) for code in sorted(created | updated) for earlier in sorted(after[code])]
            rows = [{"earlier_id": self.ids[earlier], "later_id": self.ids[later]} for earlier, later in pairs]
            db.session.execute(insert(neighbourhood_successions), rows)
        if after:
            unchanged = len(after) - len(created) - len(updated)
            report.count(Kind.SUCCESSION, created=len(created), updated=len(updated), unchanged=unchanged)

    def _successions(self, sources, before, report):
        """Return the earlier neighbourhoods of each code that the files give, the most trusted file last."""
        after: dict[str, frozenset] = {}
        for source in sorted(sources, key=lambda source: (source.authority, source.name)):
            said: dict[str, frozenset] = {}
            for line, record in source.records:
                unknown = [code for code in (record.code, *record.earlier) if code not in self.ids]
                if unknown:
                    report.refuse(source, line, f"quartier inconnu : {', '.join(unknown)}")
                elif record.earlier:
                    said[record.code] = said.get(record.code, frozenset()) | set(record.earlier)
            fills = source.authority is Authority.FILLS
            after |= {code: before.get(code, earlier) if fills else earlier for code, earlier in said.items()}
        return after


def _stored_communes():
    """Return the commune codes of every neighbourhood that has some, by its code."""
    links = neighbourhood_communes
    found: dict[str, tuple[str, ...]] = {}
    query = (
        select(TABLE.c.code, Territory.code)
        .select_from(TABLE)
        .join(links, links.c.neighbourhood_id == TABLE.c.id)
        .join(Territory, Territory.id == links.c.commune_id)
        .order_by(TABLE.c.id, links.c.position)
    )
    for code, commune in db.session.execute(query):
        found[code] = (*found.get(code, ()), commune)
    return found


def _why_unknown(record):
    given = ", ".join(record.communes or record.commune_names)
    if not given:
        return f"quartier inconnu : {record.code}"
    return f"{record.code} : commune inconnue ({given[:80]}) ; importez aussi la liste des communes"


def _name(known, code, group):
    """Return the name to keep; a file of figures only names what has no name yet."""
    unnamed = f"Quartier {code}"
    known = "" if known in (None, unnamed) else known
    for source, _, record in reversed(group):
        if record.name and (source.authority > Authority.FILLS or not known):
            return better_name(known, record.name)
    return known or unnamed


def _fill(row, group):
    """Take population and contract; the last file is the most trusted."""
    for _, _, record in group:
        row["population"] = row["population"] if record.population is None else record.population
        if record.contract_code:
            is_same = row["contract_code"] == record.contract_code and row["contract_name"]
            row["contract_code"] = record.contract_code
            row["contract_name"] = row["contract_name"] if is_same else record.contract_name or None


def _position(entry, centre, report):
    """Return how good the position of an entry is (rank of its precision, whether surveyed) and the position."""
    source, line, record = entry
    if record.latitude is None:
        return None
    place, precision = (record.latitude, record.longitude), record.precision
    if centre and tuple(round(x, 4) for x in place) == tuple(round(x, 4) for x in centre):
        precision = min(precision, Precision.COMMUNE, key=PRECISIONS.index)
    limit = FARTHEST_OVERSEAS_KM if record.department[:2] in ("97", "98") else FARTHEST_KM
    if centre and distance_km(place, centre) > limit:
        away = round(distance_km(place, centre))
        report.remark(source, line, f"{record.code} : position à {away} km de sa commune, laissée de côté")
        return None
    return PRECISIONS.index(precision), record.is_surveyed, place
