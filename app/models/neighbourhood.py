"""Priority neighbourhoods (quartiers prioritaires de la politique de la ville, QPV)."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.labels import Precision
from app.models.stamp import ShownToVisitors
from app.models.territory import Territory

neighbourhood_communes = Table(
    "neighbourhood_communes",
    db.metadata,
    Column("neighbourhood_id", ForeignKey("neighbourhoods.id", ondelete="CASCADE"), primary_key=True),
    Column("commune_id", ForeignKey("territories.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, nullable=False),
    Index("ix_neighbourhood_communes_commune_id", "commune_id"),
)

neighbourhood_successions = Table(
    "neighbourhood_successions",
    db.metadata,
    Column("earlier_id", ForeignKey("neighbourhoods.id", ondelete="CASCADE"), primary_key=True),
    Column("later_id", ForeignKey("neighbourhoods.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_neighbourhood_successions_later_id", "later_id"),
)


class Neighbourhood(ShownToVisitors, db.Model):
    """A priority neighbourhood of the list of 2014 (code QP…) or of 2024 (code QN…).

    `communes` are in the order of the official list. `contract_code` and `contract_name` are those of the contrat
    de ville of 2015–2023.
    """

    __tablename__ = "neighbourhoods"
    listed = ("code", "name", "council_id")

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    generation: Mapped[int]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    precision: Mapped[str] = mapped_column(String(10), default=Precision.UNKNOWN)
    population: Mapped[int | None]
    contract_code: Mapped[str | None] = mapped_column(String(10))
    contract_name: Mapped[str | None] = mapped_column(String(200))
    council_id: Mapped[int | None] = mapped_column(ForeignKey("councils.id", ondelete="SET NULL"), index=True)

    communes: Mapped[list[Territory]] = relationship(
        secondary=neighbourhood_communes, order_by=neighbourhood_communes.c.position, viewonly=True
    )
    successors: Mapped[list["Neighbourhood"]] = relationship(
        secondary=neighbourhood_successions,
        primaryjoin=id == neighbourhood_successions.c.earlier_id,
        secondaryjoin=id == neighbourhood_successions.c.later_id,
        order_by="Neighbourhood.code",
        viewonly=True,
    )
