"""The database of the tests: migrated once, each test in a transaction that is rolled back."""

import json
import os
import threading
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import sqlalchemy as sa
from flask import g
from flask_migrate import upgrade

import config
from app import create_app
from app.extensions import db
from app.services import accounts
from tests.factories import Made, make_cast, make_country


def _own_database():
    """Give each process of the tests a database of its own, on the server that they share."""
    worker, url = os.environ.get("PYTEST_XDIST_WORKER"), os.environ.get("TEST_DATABASE_URL")
    if worker and url and sa.make_url(url).database != worker:  # pytest and the tests may both import this module
        server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {worker}"))
        server.dispose()
        os.environ["TEST_DATABASE_URL"] = named(url, worker)


def named(url: str, database: str) -> str:
    """Return the address of another database of the same server."""
    return sa.make_url(url).set(database=database).render_as_string(hide_password=False)


_own_database()


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
    with _undone_after(migrated_app):
        yield migrated_app


@contextmanager
def _undone_after(migrated_app):
    with migrated_app.app_context():
        engines = db._app_engines[migrated_app]
        engine = engines[None]
        with engine.connect() as connection:
            transaction = connection.begin()
            engines[None] = connection
            db.session.configure(join_transaction_mode="create_savepoint")
            try:
                yield
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
def own_app(tmp_path):
    """A site with a database of its own, for what cannot be rolled back."""
    server = os.environ.get("TEST_DATABASE_URL")
    if not server:
        yield create_app(settings(tmp_path))
        return
    name = f"own_{uuid.uuid4().hex}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        own = create_app(settings(tmp_path, DATABASE_URL=named(server, name)))
        yield own
        with own.app_context():
            db.engine.dispose()
        connection.execute(sa.text(f"DROP DATABASE {name}"))


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture(scope="session")
def country_rows(migrated_app):
    with _undone_after(migrated_app):
        return Made(make_country)


@pytest.fixture(scope="session")
def cast_rows(migrated_app):
    with _undone_after(migrated_app):
        return Made(make_cast)


@pytest.fixture
def country(app, country_rows):
    return country_rows.again()


@pytest.fixture
def cast(app, cast_rows):
    return cast_rows.again()


@pytest.fixture
def alice(cast, client_as):
    """The browser of Alice."""
    return client_as(cast.alice)


@pytest.fixture
def bruno(cast, client_as):
    """The browser of Bruno."""
    return client_as(cast.bruno)


@pytest.fixture
def animator(cast, client_as):
    """The browser of the animator."""
    return client_as(cast.animator)


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


@pytest.fixture
def locks(app):
    """The queries that lock rows (SQLite ignores it), in the order they left; clear it to count anew."""
    locking = []

    def note(state):
        if getattr(state.statement, "_for_update_arg", None) is not None:
            locking.append(str(state.statement))

    sa.event.listen(db.session, "do_orm_execute", note)
    yield locking
    sa.event.remove(db.session, "do_orm_execute", note)


@contextmanager
def sms_gateway(app):
    """Give a site an SMS gateway on loopback that keeps what it takes; `mode` makes it misbehave."""
    taken = []

    class Gateway(BaseHTTPRequestHandler):
        mode = "ok"

        def log_message(self, *words):
            """Keep quiet."""

        def do_POST(self):  # noqa: N802 - the name that the library calls
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.mode in (status := {"busy": 503, "refused": 422}):
                self.send_response(status[self.mode])
                self.end_headers()
                return
            taken.append(body)
            if self.mode == "lost":
                self.connection.close()
                return
            answer = json.dumps({"id": f"sms-{len(taken)}"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    Gateway.taken = taken
    settings = {
        "SMS_GATEWAY": "http", "SMS_HTTP_METHOD": "POST", "SMS_HTTP_ID_PATH": "id", "SMS_TIMEOUT": 2,
        "SMS_HTTP_URL": f"http://127.0.0.1:{server.server_port}/send",
        "SMS_HTTP_HEADERS": {"Content-Type": "application/json"},
        "SMS_HTTP_BODY": '{"to": "{number}", "text": "{text}", "reference": "{reference}"}',
    }  # fmt: skip
    before = {name: app.config[name] for name in settings}
    app.config.update(settings)
    try:
        yield Gateway
    finally:
        app.config.update(before)
        server.shutdown()
        server.server_close()


@pytest.fixture
def gateway(app):
    with sms_gateway(app) as running:
        yield running
