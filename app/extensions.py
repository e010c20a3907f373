"""Bare extension objects, and what every database connection is set to."""

import sqlite3
from contextlib import contextmanager

from flask_compress import Compress
from flask_login import LoginManager
from flask_mail import Mail
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Engine, MetaData, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The base of all models; named constraints, so that migrations can drop them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Compressor(Compress):
    """Compresses error pages too, which the library leaves out: a refused form is as long as the form."""

    def after_request(self, response):
        """Compress an answer as if all had gone well."""
        status = response.status
        if response.status_code >= 400:
            response.status_code = 200
        response = super().after_request(response)
        response.status = status
        return response


db = SQLAlchemy(model_class=Base)
migrate = Migrate()
csrf = CSRFProtect()
compress = Compressor()
mail = Mail()
login_manager = LoginManager()


def begin_write(*, wait: int | None = None) -> None:
    """Start the transaction of a write: on SQLite it takes the write lock at once, so no update is lost.

    PostgreSQL locks rows instead: read what you are going to change `with_for_update`, which SQLite ignores. Whatever
    the session did before is committed, and its objects are read again. Slow work (hashing a password,
    scaling a picture) belongs before this call, as other writers wait from here to the commit. `wait`: the milliseconds
    to wait for them on SQLite, if not as long as usual; then it is an `OperationalError`.
    """
    db.session.commit()
    db.session.connection(execution_options={"sqlite_begin": "immediate", "sqlite_wait": wait})


def insert(model):
    """Return the INSERT of the database in use, which knows `on_conflict_do_…`: two at once then make one row."""
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(model)


def insert_once(model, columns: list[str]):
    """Return an INSERT that does nothing where a row with the same `columns` is."""
    return insert(model).on_conflict_do_nothing(index_elements=columns)


@event.listens_for(Engine, "connect")
def _set_up_sqlite(connection, record):
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # the driver's own half-transactions lose updates; BEGIN is ours, below
    for pragma in ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection):
    if connection.dialect.name != "sqlite":
        return
    options = connection.get_execution_options()
    with _waiting(connection.connection.dbapi_connection, options.get("sqlite_wait")):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("sqlite_begin") == "immediate" else "BEGIN")


@contextmanager
def _waiting(connection, wait):
    """Have a connection to SQLite wait so many milliseconds for whoever writes, and as usual afterwards."""
    if wait is None:
        yield
        return
    usual = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout={wait}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout={usual}")
