"""The official geography: regions, departments, EPCI, communes and their postal codes."""

from sqlalchemy import ForeignKey, String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from app.extensions import db
from app.labels import TerritoryKind
from app.models.stamp import ShownToVisitors


class Territory(ShownToVisitors, db.Model):
    """A place with an official code: INSEE for regions, departments and communes, SIREN for EPCI.

    `level` of an EPCI tells an `epci` of full rights from an `ept`, a part of the Métropole du Grand Paris; a
    commune there has both.
    """

    __tablename__ = "territories"
    listed = ("code", "name", "department_id", "region_id", "latitude", "longitude", "population", "postal_codes")
    __table_args__ = (UniqueConstraint("kind", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(200))
    level: Mapped[str | None] = mapped_column(String(4))
    region_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"), index=True)
    epci_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"), index=True)
    ept_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"), index=True)
    population: Mapped[int | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]

    region: Mapped["Territory | None"] = relationship(remote_side=id, foreign_keys=region_id)
    department: Mapped["Territory | None"] = relationship(remote_side=id, foreign_keys=department_id)
    postal_codes: Mapped[list["PostalCode"]] = relationship(cascade="all, delete-orphan", order_by="PostalCode.code")

    @property
    def label(self) -> str:
        """Its name; of a commune, with its department: « Gex (01) »."""
        if self.kind != TerritoryKind.COMMUNE or self.department is None:
            return self.name
        return f"{self.name} ({self.department.code})"


class PostalCode(db.Model):
    """A postal code of a commune; several communes may share it."""

    __tablename__ = "postal_codes"

    code: Mapped[str] = mapped_column(String(5), primary_key=True)
    commune_id: Mapped[int] = mapped_column(ForeignKey("territories.id", ondelete="CASCADE"), primary_key=True)


def department_code(place: Territory) -> str | None:
    """Return the code of the department of a territory: its own, that of a commune; of a region or an EPCI, the first
    of those that it reaches into. It tells the time zone and the telephone numbers of the place."""
    if place.kind == TerritoryKind.DEPARTMENT:
        return place.code
    department, commune = aliased(Territory), aliased(Territory)
    codes = select(department.code).where(department.kind == TerritoryKind.DEPARTMENT).order_by(department.code)
    if place.kind == TerritoryKind.REGION:
        return db.session.scalar(codes.where(department.region_id == place.id).limit(1))
    parts = or_(commune.id == place.id, commune.epci_id == place.id, commune.ept_id == place.id)
    return db.session.scalar(codes.join(commune, commune.department_id == department.id).where(parts).limit(1))
