"""The commands that write: when they hold the write lock, and what they say of a database they cannot use."""

import re
import sqlite3

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from app import create_app
from app.extensions import db
from app.labels import Role, UserStatus
from app.models import AuditEntry, User
from app.services import councils, demo, reference
from tests.browse import submit
from tests.conftest import settings
from tests.factories import PASSWORD, make_user
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


# People -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def command(app, cast):
    """Run a command on the site of the cast, with what is typed when it asks."""

    def run(*arguments, typed=""):
        result = app.test_cli_runner().invoke(args=["users", *arguments], input=typed)
        db.session.expire_all()
        return result

    return run


def by_email(email):
    return db.session.scalar(sa.select(User).where(User.email == email))


def test_an_animator_is_made_and_chooses_a_password_by_the_link_that_is_printed(command, client):
    result = command("create-animator", "Lea@Essai.example", typed="Léa\nBlanc\n")
    assert result.exit_code == 0 and "Léa Blanc (lea@essai.example) anime maintenant le site" in result.output
    link = re.search(r"http://127.0.0.1:8000(\S+)", result.output)[1]
    submit(client, link, new_password=PASSWORD)
    page = submit(client, "/connexion", email="lea@essai.example", password=PASSWORD)
    assert page.headers["Location"] == "/animation"
    assert db.session.scalar(sa.select(AuditEntry.verb)) == "animator.appointed"


def test_a_member_who_is_made_animator_keeps_name_and_password(command, cast):
    result = command("create-animator", cast.alice.email)
    assert result.exit_code == 0 and "http" not in result.output
    assert (cast.alice.role, cast.alice.first_name, cast.alice.is_active) == (Role.ANIMATOR, "Alice", True)


def test_a_password_that_nobody_proved_to_own_does_not_open_an_animators_account(command, cast):
    stranger = make_user("Ines Paul", cast.council, status=UserStatus.UNCONFIRMED, confirmed_at=None)
    db.session.commit()
    assert "http://" in command("create-animator", stranger.email).output
    assert (stranger.password_hash, stranger.status, stranger.role) == ("", UserStatus.ACTIVE, Role.ANIMATOR)


@pytest.mark.parametrize(("arguments", "words"), [
    (["create-animator", "pas une adresse"], "n’est pas une adresse"),
    (["suspend", "personne@essai.example", "--reason", "x"], "Aucun compte ouvert"),
    (["suspend", "anne@essai.example", "--reason", "x"], "seul compte qui anime"),
    (["restore", "alice@essai.example"], "Aucun compte suspendu"),
])  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_sentence(command, arguments, words):
    result = command(*arguments)
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit) and words in result.output


def test_an_account_is_suspended_restored_and_listed_from_the_command_line(command, cast):
    assert "suspendu" in command("suspend", cast.alice.email, typed="Des insultes\n").output
    assert (cast.alice.status, cast.alice.why) == (UserStatus.SUSPENDED, "Des insultes")
    assert "compte suspendu" in command("list").output
    assert "de nouveau ouvert" in command("restore", cast.alice.email).output
    assert cast.alice.is_active


def test_a_refused_account_is_not_promoted(command, cast):
    cast.bruno.status = UserStatus.REFUSED
    db.session.commit()
    assert "n’est pas ouvert (inscription refusée)" in command("create-animator", cast.bruno.email).output
