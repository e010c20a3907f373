"""Versions that tell when what visitors see has changed, so that a finished page can be shown again."""

import secrets

from sqlalchemy import String, bindparam, event, inspect, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.extensions import db

PAGES = "pages"  # anything that a visitor's page shows
DIRECTORY = "directory"  # names and places, which lists, maps and the search are made from


class Stamp(db.Model):
    """A named version, renewed in the transaction of the change that it tells. The migrations make the rows.

    Versions are drawn at random: a counter would come to the same number again in another database, or in a backup
    put back, and visitors would be shown the pages of the former one.
    """

    __tablename__ = "stamps"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[str] = mapped_column(String(16))


class ShownToVisitors:
    """Marks a model whose rows stand on pages for visitors: changing one through a session renews the pages.

    `listed` are the attributes that lists, maps and the search show: changing one of these renews the directory too,
    which costs each process a second to read again.
    """

    listed: tuple[str, ...] = ()
    concerns_visitors = True  # a row of which no page for visitors tells anything says False


_READ = select(Stamp.version).where(Stamp.name == bindparam("name"))
_RENEW = update(Stamp).where(Stamp.name.in_(bindparam("names", expanding=True))).values(version=bindparam("new"))


def read_stamp(name: str) -> str:
    """Return the present version. Read it before the rows that it stands for: a race then renders once too often."""
    return db.session.execute(_READ, {"name": name}).scalar_one()


def renew(*names: str) -> None:
    """Tell that what these stamps stand for has changed: they are renewed as the present transaction commits."""
    session = db.session()
    if not session.in_transaction():
        session.begin()  # its end forgets the names
    _note(session, names)


def _note(session, names):
    session.info.setdefault(__name__, set()).update(names)


@event.listens_for(Session, "before_commit")
def _renew(session):
    """Write as the very last thing: all writers share these rows, and who held one while it waits for another lock
    would bring two transactions to wait for each other."""
    if session.in_nested_transaction():
        return
    session.flush()
    if names := session.info.pop(__name__, None):
        values = {"names": sorted(names), "new": secrets.token_urlsafe(8)}
        session.execute(_RENEW, values, execution_options={"synchronize_session": False})


@event.listens_for(Session, "after_transaction_end")
def _forget(session, transaction):
    if transaction.parent is None:  # what was rolled back has changed nothing
        session.info.pop(__name__, None)


@event.listens_for(Session, "before_flush")
def _note_what_changed(session, context, instances):
    changed = [row for row in session.dirty if session.is_modified(row)]
    shown = [
        row
        for row in (*session.new, *session.deleted, *changed)
        if isinstance(row, ShownToVisitors) and row.concerns_visitors
    ]
    if any(row.listed and (row not in changed or _is_listed(row)) for row in shown):
        _note(session, (DIRECTORY, PAGES))
    elif shown:
        _note(session, (PAGES,))


def _is_listed(row):
    return any(inspect(row).attrs[name].history.has_changes() for name in row.listed)
