"""What the rows of official files become: plain values, with the codes of the places they name."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from app.labels import Precision, TerritoryKind
from app.services.councils import DEMO

GENERATIONS = {"QP": 2014, "QN": 2024, DEMO: 2014}  # by the first letters of a code


class Kind(StrEnum):
    """What a file is about, under the name that the report prints."""

    REGION = "régions"
    DEPARTMENT = "départements"
    EPCI = "intercommunalités"
    COMMUNE = "communes"
    NEIGHBOURHOOD = "quartiers prioritaires"
    SUCCESSION = "filiations 2014-2024"
    CONTRACT = "contrats de ville"
    COUNCIL = "conseils citoyens"


class Authority(IntEnum):
    """How far a file may change what is known; of two files, the one with more authority is believed."""

    FILLS = 0  # gives what is missing
    CORRECTS = 1  # also new names and places; its lists of communes may be short
    LEADS = 2  # also complete lists of communes


@dataclass(frozen=True, slots=True)
class TerritoryRecord:
    """A territory as a file gives it; the parents are codes. None or empty: the file does not say."""

    kind: TerritoryKind
    code: str
    name: str
    level: str | None = None
    region: str | None = None
    department: str | None = None
    epci: str | None = None
    ept: str | None = None
    population: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    postal_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NeighbourhoodRecord:
    """A neighbourhood as a file gives it.

    `communes` are codes, `commune_names` what the file writes when it has no codes, `territories` the places that
    it names with their codes. `is_surveyed`: the position is the centre of a perimeter given by the file itself.
    """

    code: str
    name: str = ""
    communes: tuple[str, ...] = ()
    commune_names: tuple[str, ...] = ()
    territories: tuple[TerritoryRecord, ...] = ()
    population: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    precision: Precision = Precision.UNKNOWN
    is_surveyed: bool = False
    contract_code: str = ""
    contract_name: str = ""

    @property
    def generation(self) -> int:
        return GENERATIONS[self.code[:2]]

    @property
    def department(self) -> str:
        """The department that the code carries: « QP001001 » → « 01 »."""
        return self.code[2:5].removeprefix("0")


@dataclass(frozen=True, slots=True)
class SuccessionRecord:
    """The neighbourhoods of 2014 (`earlier`) that one of 2024 (`code`) continues."""

    code: str
    earlier: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContractRecord:
    """A contrat de ville of 2015–2023."""

    code: str
    name: str


@dataclass
class Source:
    """A file that was understood: its records with the number of the line (or GeoJSON element) they come from."""

    name: str
    label: str
    kind: Kind
    authority: Authority
    unit: str = "ligne"
    records: list[tuple[int, object]] = field(default_factory=list)
