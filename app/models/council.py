"""Citizens' councils and their public page, the fiche."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.labels import Precision, TerritoryKind
from app.localtime import zone_of
from app.models.file import StoredFile
from app.models.neighbourhood import Neighbourhood
from app.models.stamp import ShownToVisitors
from app.models.territory import Territory
from app.models.types import UTCDateTime, utcnow

council_territories = Table(
    "council_territories",
    db.metadata,
    Column("council_id", ForeignKey("councils.id", ondelete="CASCADE"), primary_key=True),
    Column("territory_id", ForeignKey("territories.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_council_territories_territory_id", "territory_id"),
)


class Council(ShownToVisitors, db.Model):
    """A citizens' council. It covers one or more neighbourhoods.

    `territories` (communes, EPCI, departments, regions) and the place on the map follow from the neighbourhoods:
    `services.councils.place` keeps them. The other columns are what the council writes on its page; `edited_at`
    is None until it has written something. `residents` and `local_actors` are the numbers of members of the two
    colleges; `recognised_on`, when the prefect recognised the council; `verified_at`, when a member last said that the
    page is right; `version` counts the saves of the page.
    """

    __tablename__ = "councils"
    texts = ("description", "meetings", "meeting_place", "host", "address", "phone", "email")
    numbers = ("residents", "local_actors")
    listed = ("slug", "name", "latitude", "longitude", "precision", "is_demo", "territories")

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    precision: Mapped[str] = mapped_column(String(10), default=Precision.UNKNOWN)
    is_demo: Mapped[bool] = mapped_column(default=False)

    description: Mapped[str] = mapped_column(Text, default="")
    description_html: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    meetings: Mapped[str] = mapped_column(String(300), default="")
    meeting_place: Mapped[str] = mapped_column(String(300), default="")
    host: Mapped[str] = mapped_column(String(200), default="")
    residents: Mapped[int | None]
    local_actors: Mapped[int | None]
    recognised_on: Mapped[date | None]
    verified_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    neighbourhoods: Mapped[list[Neighbourhood]] = relationship(order_by="Neighbourhood.code")
    territories: Mapped[list[Territory]] = relationship(
        secondary=council_territories, order_by=(Territory.name, Territory.code)
    )
    links: Mapped[list["CouncilLink"]] = relationship(
        order_by="CouncilLink.position", cascade="all, delete-orphan", passive_deletes=True
    )
    pictures: Mapped[list["CouncilPicture"]] = relationship(
        order_by="CouncilPicture.position", cascade="all, delete-orphan", passive_deletes=True,
        primaryjoin="and_(Council.id == CouncilPicture.council_id, CouncilPicture.removed_at.is_(None))",
    )  # fmt: skip

    @property
    def is_blank(self) -> bool:
        """Whether the council has written nothing on its page yet."""
        return self.edited_at is None

    @property
    def is_approximate(self) -> bool:
        """Whether the place on the map is a guess."""
        return self.precision != Precision.EXACT

    @property
    def zone(self) -> str:
        """The time zone (its IANA name) of those who meet there."""
        return zone_of(self.department.code if self.department else None)

    @property
    def town(self) -> str:
        """Its communes and its department: « Gex (01) », « Bellignat et Oyonnax (01) », of more « Lyon, Oullins… »."""
        communes = [place.name for place in self.territories_of(TerritoryKind.COMMUNE)]
        said = " et ".join(communes) if len(communes) <= 2 else f"{', '.join(communes[:2])}…"
        return f"{said} ({self.department.code})" if said and self.department else said

    @property
    def department(self) -> Territory | None:
        """The department: of those of a council on the border, the first by name."""
        return next(iter(self.territories_of(TerritoryKind.DEPARTMENT)), None)

    def territories_of(self, kind: TerritoryKind) -> list[Territory]:
        """Return the territories of one kind, by name."""
        return [territory for territory in self.territories if territory.kind == kind]


class CouncilLink(ShownToVisitors, db.Model):
    """An address of the council elsewhere on the Web."""

    __tablename__ = "council_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    council_id: Mapped[int] = mapped_column(ForeignKey("councils.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    label: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(500))


class CouncilPicture(ShownToVisitors, db.Model):
    """A picture on the council's page, with the words for those who do not see it. `removed_at`: it is off the page,
    and can come back with a former version of it for some days."""

    __tablename__ = "council_pictures"

    id: Mapped[int] = mapped_column(primary_key=True)
    council_id: Mapped[int] = mapped_column(ForeignKey("councils.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    alternative: Mapped[str] = mapped_column(String(300))
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    file: Mapped[StoredFile] = relationship(lazy="joined", innerjoin=True)
