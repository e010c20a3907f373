"""What all else stands on: settings, connections, instants, texts, places, marks on a map."""

import json
import shutil
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import markdown
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade

import config
from app import create_app, geo, markup, templating
from app.extensions import begin_write, db
from app.labels import Priority, SideReason
from app.models import (
    Action,
    Activity,
    Attachment,
    Category,
    CategoryCursor,
    Council,
    CouncilLink,
    CouncilPicture,
    Delivery,
    Departure,
    Document,
    Event,
    Folder,
    Group,
    GroupRequest,
    MessageLink,
    MessageText,
    Reading,
    Registration,
    Revision,
    StoredFile,
    Theme,
    TopicCursor,
    User,
)
from app.models.types import utcnow
from app.notifications import dispatch, outbox
from app.notifications.message import Message
from app.services import accounts, adopting, cowriting, maps, posting, texts
from app.services.cowriting import Sent
from app.services.directory import Entry
from app.text import fold, one_line, slug, unbroken
from tests.conftest import settings
from tests.factories import (
    make_cast,
    make_category,
    make_country,
    make_group,
    make_issue,
    make_message,
    make_publication,
    make_topic,
)

# Settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "huit"), ("PORT", "0"), ("PRODUCTION", "peut-être"), ("BASE_URL", "conseils.fr"),
        ("BASE_URL", "https://a.fr/x"), ("BASE_URL", "http://[x"), ("BASE_URL", "https://a.fr:99999"),
        ("SOURCE_URL", "x"), ("SECRET_KEY", "court"), ("DATABASE_URL", "mysql://x/y"),
        ("DATABASE_URL", "rien"),
        ("OPERATOR_EMAIL", "personne"), ("MAX_UPLOAD_MB", "-1"), ("PROXY_HOPS", "9"), ("INSTANCE_DIR", "/proc/rien"),
    ],
)  # fmt: skip
def test_an_impossible_setting_is_named_in_one_sentence(tmp_path, name, value):
    with pytest.raises(config.ConfigError) as caught:
        config.load({"INSTANCE_DIR": str(tmp_path), name: value})
    assert name in str(caught.value)
    assert str(caught.value).endswith(".")


def test_no_message_is_taken_up_again_while_it_may_still_be_on_its_way(tmp_path):
    def lease(**env):
        return config.load({"INSTANCE_DIR": str(tmp_path)} | env)["OUTBOX_LEASE"]

    assert lease() == 90
    assert lease(MAIL_TIMEOUT="60") == 240  # who sets the one need not know the other
    assert lease(OUTBOX_LEASE="4", MAIL_TIMEOUT="1", SMS_TIMEOUT="1") == 4
    with pytest.raises(config.ConfigError, match=r"« 79 » : écrivez au moins 80, quatre fois MAIL_TIMEOUT, ou rien\."):
        lease(OUTBOX_LEASE="79")
    with pytest.raises(config.ConfigError, match="au moins 160, quatre fois SMS_TIMEOUT"):
        lease(OUTBOX_LEASE="90", SMS_TIMEOUT="40")


def test_production_asks_for_what_a_demonstration_makes_up(tmp_path):
    complete = {
        "PRODUCTION": "1", "INSTANCE_DIR": str(tmp_path), "SECRET_KEY": "x" * 40, "BASE_URL": "https://conseils.fr",
        "OPERATOR_NAME": "A", "OPERATOR_ADDRESS": "B", "OPERATOR_EMAIL": "a@b.fr", "PUBLICATION_DIRECTOR": "C",
        "HOSTING_NAME": "D", "HOSTING_ADDRESS": "E", "MAIL_SERVER": "smtp.a.fr",
    }  # fmt: skip
    loaded = config.load(complete)
    assert loaded["SESSION_COOKIE_NAME"] == "__Host-session" and loaded["SESSION_COOKIE_SECURE"]
    for name in set(complete) - {"PRODUCTION", "INSTANCE_DIR"}:
        with pytest.raises(config.ConfigError, match=name):
            config.load(complete | {name: ""})
    with pytest.raises(config.ConfigError, match="https"):
        config.load(complete | {"BASE_URL": "http://conseils.fr"})


def test_the_secret_key_is_made_once_and_kept_private(tmp_path):
    first = config.load({"INSTANCE_DIR": str(tmp_path)})["SECRET_KEY"]
    assert config.load({"INSTANCE_DIR": str(tmp_path)})["SECRET_KEY"] == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_a_folder_of_any_name_holds_the_database_and_is_counted_from_the_project(tmp_path):
    loaded = config.load({"INSTANCE_DIR": str(tmp_path / "a?b=1#c")})
    assert sa.make_url(loaded["SQLALCHEMY_DATABASE_URI"]).database == str(tmp_path / "a?b=1#c" / "conseils.sqlite3")
    assert config.load({"INSTANCE_DIR": "instance"})["INSTANCE_DIR"] == config.ROOT / "instance"


def test_a_postgres_address_is_taken_in_the_form_that_hosts_hand_out(tmp_path):
    loaded = config.load({"INSTANCE_DIR": str(tmp_path), "DATABASE_URL": "postgres://u:p@h/d"})
    assert loaded["SQLALCHEMY_DATABASE_URI"] == "postgresql://u:p@h/d"


# The database -----------------------------------------------------------------------------------------------------


@pytest.fixture
def sqlite_app(tmp_path):
    """A site with an SQLite database of its own, whatever the other tests run on."""
    app = create_app(settings(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'own.sqlite3'}"))
    with app.app_context():
        upgrade()
    return app


def test_sqlite_connections_have_wal_foreign_keys_and_patience(sqlite_app):
    with sqlite_app.app_context(), db.engine.connect() as connection:
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(sa.text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(sa.text("PRAGMA busy_timeout")) == 10_000


def logged_in(app, user):
    client, token = app.test_client(), accounts.log_in(user)
    db.session.commit()
    with client.session_transaction() as session:
        session["_user_id"] = token
    return client


def test_a_page_comes_without_its_mark_while_somebody_else_writes(own_app):
    with own_app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("PostgreSQL locks rows: nobody else writes this one")
        upgrade()
        alice = make_cast().alice
        topic = make_topic(alice, make_category())
        db.session.add(TopicCursor(user_id=alice.id, topic_id=topic.id, number=0))
        path, client = f"/forum/sujets/{topic.id}-{topic.slug}", logged_in(own_app, alice)
    client.get("/forum")  # this visit is noted
    with own_app.app_context(), db.engine.connect().execution_options(sqlite_begin="immediate") as other:
        other.execute(sa.update(TopicCursor).values(number=0))
        begun = time.monotonic()
        assert client.get(path).status_code == 200
        assert 0.2 < time.monotonic() - begun < 3
    with own_app.app_context(), db.engine.connect() as known:
        assert known.scalar(sa.select(TopicCursor.number)) == 0
        assert client.get(path).status_code == 200
    with own_app.app_context():
        assert db.session.scalar(sa.select(TopicCursor.number)) == 1
        assert db.session.scalar(sa.text("PRAGMA busy_timeout")) == 10_000


def test_writes_at_the_same_time_lose_no_update(own_app):
    with own_app.app_context():
        upgrade()
        council_id = make_country().croix.id

    def add():
        with own_app.app_context():
            for _ in range(20):
                begin_write()
                council = db.session.get(Council, council_id, with_for_update=True)
                council.phone = str(int(council.phone or 0) + 1)  # read, then written: what a plain BEGIN would lose
                db.session.commit()

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with own_app.app_context():
        assert db.session.get(Council, council_id).phone == "120"


REBUILD = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade():
    with op.batch_alter_table("councils", recreate="always") as batch:
        batch.add_column(sa.Column("extra", sa.Integer()))
"""
FAILING = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade():
    op.create_table("half", sa.Column("id", sa.Integer(), primary_key=True))
    1 / 0
"""


def copy_migrations(tmp_path, added):
    """Return a folder with the migrations of the site and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(config.ROOT / "migrations", folder)
    (folder / "versions" / "added.py").write_text(added)
    return folder


def test_a_migration_keeps_the_rows_that_point_to_a_rebuilt_table(sqlite_app, tmp_path):
    """The trap: SQLite's batch mode drops the table, and with foreign keys on its children go with it."""
    folder = copy_migrations(tmp_path, REBUILD.format(head=head(sqlite_app)))
    with sqlite_app.app_context():
        country = make_country()
        country.croix.links = [CouncilLink(label="l", url="https://demo.example/")]
        db.session.commit()
        db.session.remove()
        upgrade(directory=str(folder))
        assert db.session.scalar(sa.text("SELECT COUNT(*) FROM council_links")) == 1
        assert db.session.scalar(sa.text("SELECT COUNT(*) FROM neighbourhoods WHERE council_id IS NOT NULL")) == 3
        assert db.session.scalar(sa.text("PRAGMA foreign_keys")) == 1


ORPHANING = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade():
    op.execute("DELETE FROM councils")
"""


def test_a_migration_that_orphans_rows_is_refused(sqlite_app, tmp_path):
    folder = copy_migrations(tmp_path, ORPHANING.format(head=head(sqlite_app)))
    with sqlite_app.app_context():
        make_country()
        db.session.remove()
        with pytest.raises(SystemExit):  # flask db upgrade says why, and ends with an error
            upgrade(directory=str(folder))
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Council)) == 3


def head(app):
    with app.app_context():
        return db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))


def share_something(cast_or_author):
    """Put a row into each table of what councils share, and leave no transaction open."""
    author = getattr(cast_or_author, "alice", cast_or_author)
    group = make_group("Les quartiers de Bourg", author.council)
    for model in (Document, Action, Event):
        publication = make_publication(model, author, groups=[group], title=f"Un square {model.__name__}")
        publication.themes = db.session.scalars(sa.select(Theme).limit(2)).all()
        publication.folder = Folder(council_id=author.council_id, name=model.__name__)
        file = StoredFile(digest=f"{publication.id:064}", name="a.pdf", media_type="application/pdf", size=1)
        texts.index(publication)
        revision = Revision(publication_id=publication.id, number=1, content={}, author_id=author.id)
        db.session.add_all([Attachment(publication_id=publication.id, file=file), revision])
    alone = make_publication(Event, author, title="Une journée", organiser="Le centre")
    alone.council_id = None
    texts.index(alone)
    known = {"event_id": alone.id, "user_id": author.id, "key": "mail:a@b.fr", "name": "Alice", "status": "confirmed"}
    db.session.add_all([Registration(**known), Reading(user_id=author.id, publication_id=alone.id)])
    write_together(author)
    discuss(author, group)
    file = StoredFile(digest="f" * 64, name="a.webp", media_type="image/webp", size=1)
    db.session.add(CouncilPicture(council_id=author.council_id, file=file, alternative="a", removed_at=utcnow()))
    db.session.commit()
    db.session.remove()


def discuss(author, group):
    """Put a row into each table of discussions and groups."""
    item = db.session.scalar(sa.select(Document.id).limit(1))
    places = [
        make_category(f"Rubrique {group.id}"),
        db.session.scalar(sa.select(Category).filter_by(group_id=group.id)),
    ]
    for category in places:
        words = posting.rendered(f"Voir /documents/{item}-x")
        topic = posting.open_topic(category, author, key=uuid4().hex, title="Un local ?", words=words).topic
        message = make_message(author, topic)
        file = StoredFile(digest=f"{message.key:0>64}", name="a.pdf", media_type="application/pdf", size=1)
        sent = {"form_key": message.key, "message_id": message.id, "council_id": author.council_id}
        read = CategoryCursor(user_id=author.id, category_id=category.id, read_at=utcnow())
        db.session.add_all([Attachment(**sent, added_by_id=author.id, file=file), read])
    request = GroupRequest(key=uuid4().hex, author_id=author.id, name="Le fleuve", purpose="Agir", group_id=group.id)
    request.councils = group.councils
    db.session.add_all([request, Departure(group_id=group.id, council_id=author.council_id, user_id=author.id)])
    db.session.flush()
    tables = (MessageLink, MessageText, TopicCursor, CategoryCursor, GroupRequest, Departure)
    assert all(db.session.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables)


LONG = "\n\n".join(f"Article {number}. Nous sommes {number**3} voisins du bloc {number**5}." for number in range(200))
TEXTS = (LONG, f"{LONG}\n\nEt amis.")


def write_together(author):
    """Put a row into each table of what several people write."""
    item = make_publication(Document, author, title="Charte", is_collaborative=True)
    for text in TEXTS:
        cowriting.write(item, text, f"<p>{text}</p>", author)
    cowriting.arrive(item.id, author.id, "Budget")
    cowriting.put_aside(item, Sent("Un autre", 1, None, "", "form"), author, SideReason.CONFLICT)
    adopting.adopt(item, 2, utcnow().date(), author)


def test_a_text_in_few_bytes_is_whole_again_for_the_former_program(own_app):
    with own_app.app_context():
        upgrade()
        write_together(make_cast().alice)
        db.session.commit()
        second = db.session.scalar(sa.select(Revision).filter_by(number=2))
        assert (second.base_id, "description" in second.fields, second.text) == (second.base_id, False, TEXTS[1])
        assert second.base_id is not None
        db.session.remove()
        downgrade(revision="0008")
        rows = db.session.execute(sa.text("SELECT content FROM revisions ORDER BY number")).scalars().all()
        contents = [row if isinstance(row, dict) else json.loads(row) for row in rows]
        assert [content["description"] for content in contents] == list(TEXTS)
        assert contents[0]["title"] == "Charte"
        db.session.remove()
        upgrade()
        assert [one.text for one in db.session.scalars(sa.select(Revision).order_by(Revision.number))] == list(TEXTS)


def test_the_former_program_is_told_nothing_of_discussions_and_groups(own_app):
    with own_app.app_context():
        upgrade()
        alice = make_cast().alice
        make_publication(Document, alice)
        discuss(alice, make_group("Les quartiers de Bourg", alice.council))
        dispatch.record("group.opened", db.session.scalar(sa.select(Group)), alice.id)
        for kind in ("discussion", "group", "publication"):
            outbox.post(
                Message("Un sujet", ("Oui.",)),
                to=alice.email,
                name="Alice",
                key=kind,
                kind=kind,
                priority=Priority.ALERT,
            )
        db.session.commit()
        told = db.session.scalars(sa.select(Activity.verb)).all()
        assert {"message.posted", "group.opened"} <= set(told)
        db.session.remove()
        downgrade(revision="0009")
        assert db.session.scalars(sa.text("SELECT kind FROM deliveries")).all() == ["publication"]
        left = db.session.scalars(sa.text("SELECT verb FROM activities")).all()
        assert left == [verb for verb in told if verb not in ("message.posted", "group.opened")]


def test_the_former_program_is_told_nothing_of_the_letter(own_app):
    with own_app.app_context():
        upgrade()
        alice, issue = make_cast().alice, make_issue()
        for verb in ("issue.drafted", "issue.unfit"):
            dispatch.record(verb, issue)
        dispatch.record("issue.recalled", issue).dispatched_at = utcnow()
        about = {"to": alice.email, "priority": Priority.REMINDER}
        for number, state in enumerate(["waiting", "claimed", "sent", "failed"]):
            for kind, columns in (("letter", {"issue_id": issue.id}), ("issue", {}), ("alert", {})):
                outbox.post(Message("Oui", ("Oui.",)), key=f"{kind} {number}", kind=kind, **about, **columns)
                db.session.execute(sa.update(Delivery).filter_by(key=f"{kind} {number}").values(state=state))
        db.session.commit()
        db.session.remove()
        downgrade(revision="0011")
        left = sa.text("SELECT kind FROM deliveries WHERE state = :state ORDER BY kind")
        kinds = [db.session.scalars(left, {"state": state}).all() for state in ("waiting", "claimed", "sent", "failed")]
        assert kinds == [["alert"], ["alert"], ["alert", "issue", "letter"], ["alert", "issue", "letter"]]
        assert db.session.scalars(sa.text("SELECT verb FROM activities")).all() == ["issue.recalled"]
        db.session.remove()
        upgrade()


def test_migrations_go_down_and_up_again_with_rows_in_the_tables(own_app):
    with own_app.app_context():
        upgrade()
        share_something(make_cast())
        downgrade(revision="0004")
        assert db.session.scalar(sa.text("SELECT COUNT(*) FROM users")) == 8
        db.session.remove()
        upgrade()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 8
        share_something(db.session.scalar(sa.select(User).filter_by(first_name="Alice")))
        downgrade(revision="base")
        assert sa.inspect(db.engine).get_table_names() == ["alembic_version"]
        upgrade()
        make_country()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Council)) == 3


def test_a_migration_that_fails_leaves_the_database_as_it_was(sqlite_app, tmp_path):
    folder = copy_migrations(tmp_path, FAILING.format(head=head(sqlite_app)))
    with sqlite_app.app_context():
        with pytest.raises(ZeroDivisionError):
            upgrade(directory=str(folder))
        assert "half" not in sa.inspect(db.engine).get_table_names()
        assert head(sqlite_app) != "next"


WORDS = tuple(name for of in ("article", "message", "publication") for name in (f"{of}_words", f"ix_{of}_texts_words"))


def _is_ours(name, kind, parents):
    """The indexes of words are made by the migrations only."""
    return not (name or "").startswith(WORDS)


def test_the_models_are_what_the_migrations_make(app):
    context = MigrationContext.configure(db.session.connection(), opts={"compare_type": True, "include_name": _is_ours})
    assert compare_metadata(context, db.metadata) == []


def test_an_instant_comes_back_aware_in_utc(app):
    moment = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=2)))
    db.session.add(Council(name="A", slug="a", created_at=moment))
    db.session.commit()
    db.session.expire_all()
    stored = db.session.scalar(sa.select(Council.created_at))
    assert stored == moment and stored.tzinfo == UTC
    with pytest.raises(sa.exc.StatementError):
        db.session.execute(sa.update(Council).values(created_at=datetime(2026, 1, 1)))  # noqa: DTZ001
    db.session.rollback()


def test_the_driver_of_sqlite_does_not_begin_on_its_own(sqlite_app):
    with sqlite_app.app_context(), db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection) and raw.isolation_level is None


# Texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [("L’Haÿ-les-Roses", "l hay les roses"), ("SAINT-ÉTIENNE", "st etienne"), ("Cœur d’Agglo n°2", "coeur d agglo no2"),
     ("Sainte Æmilie", "ste aemilie"), ("%", ""), ("\0", "")],
)  # fmt: skip
def test_names_are_made_comparable(text, expected):
    assert fold(text) == expected


def test_names_make_addresses():
    assert slug("Cœur d’Agglo – L'Été n°2") == "coeur-d-agglo-l-ete-no2"
    assert one_line(" a\0b\n c\u2028d ") == "a b c d"


LINK = '<p><a href="{}" rel="nofollow ugc noopener">{}</a></p>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Titre", "<h3>Titre</h3>"),
        ("**gras** *fin*", "<p><strong>gras</strong> <em>fin</em></p>"),
        ("a\r\nb", "<p>a<br>\nb</p>"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a <img src=x onerror=alert(1)>", "<p>a &lt;img src=x onerror=alert(1)&gt;</p>"),
        ("<p onclick='x()' style='color:red'>b</p>", "<p>b</p>"),
        ("[x](javascript:alert(1))", "<p>x</p>"),
        ("[x](data:text/html,y)", "<p>x</p>"),
        ("http://exemple.fr", LINK.format("http://exemple.fr", "http://exemple.fr")),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "<td>2</td>"),
        (
            "[la mairie](www.mairie.fr)",
            '<p><a href="https://www.mairie.fr" rel="nofollow ugc noopener">la mairie</a></p>',
        ),
        (
            "[lui](mairie.fr/le-maire)",
            '<p><a href="https://mairie.fr/le-maire" rel="nofollow ugc noopener">lui</a></p>',
        ),
        ("[ici](/aide)", '<p><a href="/aide" rel="nofollow ugc noopener">ici</a></p>'),
        ("[clic](data:text/html,a)", "<p>clic</p>"),
        ("Voyez ![un chat](https://a.fr/c.png).", "<p>Voyez un chat.</p>"),
    ],
)
def test_text_becomes_safe_html(text, expected):
    html = markup.render(text)
    assert html == expected or (expected.startswith("<td>") and expected in html)


def test_double_signs_stay_on_the_line_of_their_word():
    said = unbroken("Confirmé : venez ! Qui ? « Moi » ; à 9:30, sur http://a.b !")
    assert said == "Confirmé\xa0: venez\xa0! Qui\xa0? «\xa0Moi\xa0»\xa0; à 9:30, sur http://a.b\xa0!"
    assert unbroken(said) == said


def test_each_of_the_two_sanitisers_is_enough_alone(monkeypatch):
    evil = '<img src=x onerror=alert(1)><a href="javascript:x()" onclick="y()">z</a>'
    monkeypatch.setattr(markup.bleach, "clean", lambda html, **options: html)
    assert "onerror" not in markup.render(evil) and "javascript" not in markup.render(evil)
    monkeypatch.undo()
    monkeypatch.setattr(markup.nh3, "clean", lambda html, **options: html)
    html = markup.render(evil)
    assert "<img" not in html and "onclick" not in html and "javascript" not in html


@pytest.mark.parametrize(
    "text",
    ["[" * 21, "]" * 50 + "[" * 50, "x" * 20_001, "[a](b" * 151, "<a " * 301, "- \n" * 1501, "a\n=\n" * 5000],
)
def test_a_text_that_would_take_too_long_is_refused_in_french(text):
    with pytest.raises(markup.TextTooComplex, match="caractères|crochets|signes|lignes"):
        markup.render(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["[" * 20 + "x" * 19_900, "[a](" * 75 + "x" * 19_000, "<a " * 300, "a\n=\n" * 700, "- \n" * 1500, "> " * 9000],
)
def test_a_text_within_the_limits_does_not_hold_a_process_for_long(text):
    start = time.process_time()
    markup.render(text)
    assert time.process_time() - start < 3  # seconds; far above what it takes, far below what it took without limits


def test_each_text_has_a_converter_of_its_own(monkeypatch):
    """A shared one mixes the texts of two threads."""
    made = []
    converter = markdown.core.Markdown
    monkeypatch.setattr(markdown.core, "Markdown", lambda **options: made.append(1) or converter(**options))
    assert markup.render("un") == "<p>un</p>"
    assert markup.render("deux") == "<p>deux</p>"
    assert len(made) == 2


@pytest.mark.parametrize(
    ("cents", "said"),
    [
        (0, "0 centime"), (1.5, "1,5 centime"), (6.5, "6,5 centimes"), (13.0, "13 centimes"),
        (6.3 * 3, "18,9 centimes"), (99.94, "99,9 centimes"), (99.96, "1,00 €"), (1235, "12,35 €"),
    ],
)  # fmt: skip
def test_a_price_is_said_in_cents_and_from_one_euro_on_in_euros(cents, said):
    assert templating.price(cents).replace(templating.NBSP, " ") == said


def test_a_month_is_that_of_paris():
    assert templating.month(datetime(2026, 7, 31, 22, 30, tzinfo=UTC)) == "août 2026"


def test_dates_and_numbers_are_said_in_french():
    assert templating.day(datetime(2026, 2, 28, 23, 30, tzinfo=UTC)) == "1er mars 2026"
    assert templating.day(datetime(2026, 3, 11, 12, tzinfo=UTC)) == "11 mars 2026"
    assert templating.plural(1514, "conseil", "conseils").replace("\u202f", " ") == "1 514 conseils"
    assert templating.plural(1, "conseil", "conseils") == "1 conseil"
    assert [templating.distance(km) for km in (0.02, 0.34, 0.96, 1.24, 9.96, 61.4)] == [
        "50\xa0m", "350\xa0m", "1\xa0km", "1,2\xa0km", "10\xa0km", "61\xa0km"
    ]  # fmt: skip
    assert templating.weight(11_800) == "12\xa0Ko"
    assert templating.weight(1_440_000) == "1,4\xa0Mo"
    assert [templating.of(name) for name in ("Aulnay", "Le Havre", "Les Mureaux", "Lyon", "Œuilly", "La Ciotat")] == [
        "d’Aulnay", "du Havre", "des Mureaux", "de Lyon", "d’Œuilly", "de La Ciotat"
    ]  # fmt: skip


# Places -----------------------------------------------------------------------------------------------------------


def test_distances_are_those_of_the_globe():
    paris, marseille = (48.8566, 2.3522), (43.2965, 5.3698)
    assert geo.distance_km(paris, marseille) == pytest.approx(660.5, abs=1)
    assert geo.distance_km(paris, paris) == 0


def test_the_centre_of_a_ring_is_its_centre_of_gravity():
    square = [(2.0, 48.0), (2.0, 48.2), (2.1, 48.2), (2.1, 48.0)]
    centre, area = geo.centroid(square)
    assert centre == pytest.approx((2.05, 48.1)) and area == pytest.approx(0.02)
    assert geo.centroid([(1.0, 2.0), (1.0, 2.0)])[0] == (1.0, 2.0)


def entry(number, latitude, longitude):
    return Entry(number, f"c{number}", f"Conseil {number}", latitude, longitude, "exact", False, (), ())


@pytest.mark.parametrize("latitude", [-17.6, -13.0, 4.9, 16.2, 46.0])
@pytest.mark.parametrize("spread", [0.0, 0.001, 0.05, 0.5, 2.0])
@pytest.mark.parametrize("number", [1, 2, 3, 9, 60])
def test_every_council_has_a_mark_that_a_finger_can_reach(spread, number, latitude):
    golden = 0.6180339887
    entries = [entry(n, latitude + (n * golden % 1) * spread, 5 + (n * golden**2 % 1) * spread) for n in range(number)]
    frame = geo.Frame.around([(latitude - 0.5, 4.5), (latitude + 2.5, 7.5)])
    reached = walk(entries, frame, depth=0)
    assert reached == {e.id for e in entries}


def walk(entries, frame, depth):
    """Follow every group down to its councils, and measure the marks on the way."""
    assert depth < 8
    drawn = maps.marks(entries, frame)
    for position, mark in enumerate(drawn):
        assert 0 <= mark.x <= frame.width and 0 <= mark.y <= frame.height
        for other in drawn[position + 1 :]:
            assert (mark.x - other.x) ** 2 + (mark.y - other.y) ** 2 >= (maps.TOUCH * 0.8) ** 2
    reached = set()
    for mark in drawn:
        reached |= {mark.entries[0].id} if not mark.frame else follow(mark, depth)
    return reached


def follow(mark, depth):
    """Open the map of a group as its address says it, rounded; it must hold all that the group promised."""
    frame = maps.read_frame(maps.frame_code(mark.frame))
    assert all(frame.contains(e.latitude, e.longitude) for e in mark.entries)
    return walk(list(mark.entries), frame, depth + 1)


def test_each_department_of_the_outlines_has_a_map():
    for code in maps.outlines()["departments"]:
        frame = maps.department_frame(code)
        assert 200 < frame.height < 900, code
        assert maps.outline_path(code, frame).startswith("M")
