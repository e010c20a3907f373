"""The commands that write: when they hold the write lock, and what they say of a database they cannot use."""

import sqlite3

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from app import create_app
from app.extensions import db
from app.services import councils, demo, reference
from tests.conftest import settings
from tests.official_files import TERRITORIES

COMMANDS = ("reference import {folder}", "demo load", "demo clear")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site on an SQLite database of its own, which has no tables yet."""
    monkeypatch.setattr(demo, "NUMBERS", {"01": 1})
    return create_app(settings(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'own.sqlite3'}"))


@pytest.fixture
def run(site, tmp_path):
    """Run a command in which « {folder} » stands for a folder of official files."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in TERRITORIES.items():
        (folder / name).write_text(text)
    return lambda command: site.test_cli_runner().invoke(args=command.format(folder=folder).split())


@pytest.fixture
def prepared(site):
    with site.app_context():
        upgrade()
    return site


@pytest.fixture
def other(prepared, tmp_path):
    """Another program on the same database, without patience."""
    connection = sqlite3.connect(tmp_path / "own.sqlite3", timeout=0, isolation_level=None)
    yield connection
    connection.close()


def may_write(connection):
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    connection.execute("ROLLBACK")
    return True


def watched(monkeypatch, module, name, seen, connection):
    """Let a function note, each time it is called, whether another program may write."""
    function = getattr(module, name)

    def note(*arguments, **options):
        seen[name] = may_write(connection)
        return function(*arguments, **options)

    monkeypatch.setattr(module, name, note)


def test_an_import_reads_its_files_before_it_takes_the_write_lock(run, other, monkeypatch):
    seen = {}
    watched(monkeypatch, reference, "read_paths", seen, other)
    watched(monkeypatch, reference, "write", seen, other)
    assert run("reference import {folder}").exit_code == 0
    assert seen == {"read_paths": True, "write": False}
    assert may_write(other)


def test_the_demo_is_drawn_before_the_write_lock_is_taken(run, other, monkeypatch):
    seen = {}
    watched(monkeypatch, demo, "prepare", seen, other)
    watched(monkeypatch, demo.demo_pictures, "draw", seen, other)
    watched(monkeypatch, demo, "load", seen, other)
    assert run("demo load").exit_code == 0
    assert seen == {"prepare": True, "draw": True, "load": False}
    watched(monkeypatch, councils, "remove_demo", seen, other)
    assert run("demo clear").exit_code == 0
    assert seen["remove_demo"] is False


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_without_tables_is_told_in_a_sentence(run, command):
    result = run(command)
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert "lancez « flask --app wsgi db upgrade », puis recommencez." in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_a_locked_database_is_told_in_a_sentence(run, prepared, other, command):
    with prepared.app_context():
        sa.event.listen(db.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=0"))
        db.engine.dispose()
    other.execute("BEGIN IMMEDIATE")
    result = run(command)
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert "occupée ou ne répond pas (database is locked) ; réessayez dans un moment." in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_that_cannot_be_reached_is_told_in_a_sentence(run, site, command, tmp_path):
    (tmp_path / "own.sqlite3").mkdir()
    result = run(command)
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert "occupée ou ne répond pas (unable to open database file)" in result.output
