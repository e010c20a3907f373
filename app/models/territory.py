"""The official geography: regions, departments, EPCI, communes and their postal codes."""

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
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


class PostalCode(db.Model):
    """A postal code of a commune; several communes may share it."""

    __tablename__ = "postal_codes"

    code: Mapped[str] = mapped_column(String(5), primary_key=True)
    commune_id: Mapped[int] = mapped_column(ForeignKey("territories.id", ondelete="CASCADE"), primary_key=True)
