"""Counters that tell when what visitors see has changed, so that a finished page can be shown again."""

from sqlalchemy import String, bindparam, event, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.extensions import db

PAGES = "pages"  # anything that a visitor's page shows
DIRECTORY = "directory"  # names and places, which the search index is made from


class Stamp(db.Model):
    """A named counter, raised in the transaction of the change that it tells. The migrations make the rows."""

    __tablename__ = "stamps"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int] = mapped_column(default=0)


class ShownToVisitors:
    """Marks a model whose rows stand on pages for visitors: changing one through a session renews these pages."""


_READ = select(Stamp.version).where(Stamp.name == bindparam("name"))
_RENEW = update(Stamp).where(Stamp.name.in_(bindparam("names", expanding=True))).values(version=Stamp.version + 1)


def read_stamp(name: str) -> int:
    """Return the present version. Read it before the rows that it stands for: a race then renders once too often."""
    return db.session.execute(_READ, {"name": name}).scalar_one()


def renew(*names: str) -> None:
    """Tell, in the present transaction, that what these stamps stand for has changed."""
    db.session.execute(_RENEW, {"names": names}, execution_options={"synchronize_session": False})


@event.listens_for(Session, "before_flush")
def _renew_pages(session, context, instances):
    if any(isinstance(row, ShownToVisitors) for row in (*session.new, *session.dirty, *session.deleted)):
        session.execute(_RENEW, {"names": [PAGES]}, execution_options={"synchronize_session": False})
