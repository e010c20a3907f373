"""The database of the tests: migrated once, each test in a transaction that is rolled back."""

import os

import pytest
import sqlalchemy as sa
from flask import g
from flask_migrate import upgrade

import config
from app import create_app
from app.extensions import db
from app.services import accounts
from tests.factories import make_cast


def settings(instance, **changes) -> dict:
    """Return the settings of a test site whose files lie in `instance`."""
    url = os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{instance / 'test.sqlite3'}"
    env = {"INSTANCE_DIR": str(instance), "DATABASE_URL": url, "SECRET_KEY": "a key for tests, and only for tests"}
    return config.load(env | changes) | {"TESTING": True}


@pytest.fixture(scope="session")
def migrated_app(tmp_path_factory):
    app = create_app(settings(tmp_path_factory.mktemp("instance")))
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            with db.engine.begin() as connection:
                connection.execute(sa.text("DROP SCHEMA public CASCADE"))
                connection.execute(sa.text("CREATE SCHEMA public"))
        upgrade()
    app.before_request_funcs[None].insert(0, _forget_who)
    return app


def _forget_who():
    """Begin each request as a new one: all those of a test share the context of the application."""
    for name in list(g):
        g.pop(name)


@pytest.fixture
def app(migrated_app):
    """The site on the test database; whatever a test commits is undone after it."""
    with migrated_app.app_context():
        engines = db._app_engines[migrated_app]
        engine = engines[None]
        with engine.connect() as connection:
            transaction = connection.begin()
            engines[None] = connection
            db.session.configure(join_transaction_mode="create_savepoint")
            try:
                yield migrated_app
            finally:
                db.session.remove()
                engines[None] = engine
                transaction.rollback()
                _forget(migrated_app)


def _forget(app):
    """Drop what the process keeps: the rollback took the stamps back to versions that will come again."""
    app.extensions.pop("directory", None)
    app.extensions["kept_pages"].clear()


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def cast(app):
    return make_cast()


@pytest.fixture
def client_as(app):
    """Return a client that is logged in as somebody; the login page itself has its own tests."""

    def log_in(user):
        client = app.test_client()
        user.token = accounts.log_in(user)
        db.session.commit()
        with client.session_transaction() as session:
            session["_user_id"] = user.token
        return client

    return log_in


@pytest.fixture
def queries(app):
    """The statements sent to the database, in the order they left; clear it to count anew."""
    sent = []
    connection = db._app_engines[app][None]

    def note(connection, cursor, statement, *rest):
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            sent.append(statement)

    sa.event.listen(connection, "before_cursor_execute", note)
    yield sent
    sa.event.remove(connection, "before_cursor_execute", note)
