"""The demo: a made-up country of councils, loaded by the importer, that leaves no trace when it goes."""

import csv
import gzip
import io
import json
import re
from collections import Counter
from html import unescape

import pytest
from flask_migrate import upgrade
from sqlalchemy import delete, func, select

from app import create_app, storage
from app.extensions import db
from app.geo import distance_km
from app.jobs.dispatching import dispatch
from app.labels import ArticleKind, IssueState, UserStatus
from app.models import (
    Activity,
    Adoption,
    Article,
    Category,
    CategoryCursor,
    Contribution,
    Council,
    Delivery,
    Document,
    Follow,
    Group,
    GroupRequest,
    Login,
    Message,
    MessageLink,
    MessageText,
    Neighbourhood,
    NewsletterIssue,
    Precision,
    Setting,
    StoredFile,
    Territory,
    TerritoryKind,
    Topic,
    TopicCursor,
    User,
    Vouch,
)
from app.models.stamp import DIRECTORY, PAGES, read_stamp
from app.models.types import utcnow
from app.passwords import hash_password
from app.services import (
    articles,
    demo,
    demo_articles,
    demo_discussions,
    demo_people,
    demo_publications,
    open_data,
    revisions,
)
from app.services.reference.records import TerritoryRecord
from tests.browse import submit
from tests.conftest import settings
from tests.factories import make_article, make_category, make_council, make_country, make_group, make_topic, make_user
from tests.official_files import QPV, QPV_HEADER, TERRITORIES, count, counted
from tests.samples import PDF
from tests.test_message_files import write
from tests.test_pages import bytes_on_the_wire

FICTION = re.compile(r"(01 99 00|02 61 91|03 53 01|04 65 71|05 36 49|06 39 98) \d\d \d\d")
PUBLIC = {"OPERATOR_NAME": "a", "OPERATOR_ADDRESS": "b", "OPERATOR_EMAIL": "c@demo.example",
          "PUBLICATION_DIRECTOR": "d", "HOSTING_NAME": "e", "HOSTING_ADDRESS": "f",
          "MAIL_SERVER": "smtp.demo.example"}  # fmt: skip


@pytest.fixture(scope="module")
def demo_site(tmp_path_factory):
    """A site of its own, on SQLite, with the demo."""
    instance = tmp_path_factory.mktemp("demo")
    site = create_app(settings(instance, DATABASE_URL=f"sqlite:///{instance / 'demo.sqlite3'}"))
    with site.app_context():
        upgrade()
    result = site.test_cli_runner().invoke(args=["demo", "load"])
    assert result.exit_code == 0 and "1514 conseils citoyens" in result.output, result.output
    return site


@pytest.fixture
def site(demo_site):
    with demo_site.app_context():
        yield demo_site


@pytest.fixture
def written(site):
    return db.session.scalars(select(Council).where(Council.edited_at.is_not(None))).all()


def test_each_department_has_as_many_neighbourhoods_as_in_reality(site):
    assert sum(demo.NUMBERS.values()) == 1514
    codes = db.session.scalars(select(Neighbourhood.code))
    assert Counter(code[2:5].removeprefix("0") for code in codes) == Counter(demo.NUMBERS)


def test_every_council_is_marked_as_demo_and_belongs_to_its_commune_department_and_region(site):
    assert db.session.scalar(select(func.count()).where(Council.is_demo)) == 1514
    for council in db.session.scalars(select(Council).limit(40)):
        kinds = {territory.kind for territory in council.territories}
        assert kinds >= {TerritoryKind.COMMUNE, TerritoryKind.DEPARTMENT, TerritoryKind.REGION}


def test_neighbourhoods_of_a_commune_have_names_of_their_own_and_stand_near_its_centre(site):
    seen = Counter()
    for neighbourhood in db.session.scalars(select(Neighbourhood)):
        commune = neighbourhood.communes[0]
        seen[commune.code, neighbourhood.name] += 1
        place = neighbourhood.latitude, neighbourhood.longitude
        away = distance_km(place, (commune.latitude, commune.longitude))
        assert away < 2.6 and (neighbourhood.precision == Precision.COMMUNE) == (away < 0.01)
    assert max(seen.values()) == 1
    precisions = Counter(db.session.scalars(select(Council.precision)))
    assert 20 < precisions[Precision.COMMUNE] < 120


def test_about_forty_councils_have_written_their_page(written):
    assert len(written) == 40
    departments = Counter(council.territories_of(TerritoryKind.DEPARTMENT)[0].code for council in written)
    assert all(departments[code] >= 3 for code in ("01", "59", "93", "974"))
    assert len({council.description for council in written}) == 40
    assert all(80 <= len(council.description.split()) <= 200 for council in written)
    assert all("<p>" in council.description_html and "**" not in council.description_html for council in written)


def test_nobody_can_be_reached_by_a_made_up_contact(written):
    for council in written:
        assert council.email.endswith("@demo.example")
        assert FICTION.fullmatch(council.phone)
        assert all(re.fullmatch(r"https://[a-z0-9-]+\.demo\.example/[a-z-]+", link.url) for link in council.links)
        assert council.address and council.meetings and 1 <= len(council.links) <= 2


def test_each_written_page_has_a_light_picture_described_in_words(written):
    assert len({council.pictures[0].file.digest for council in written}) == 40
    for council in written:
        picture = council.pictures[0]
        content = storage.path(picture.file.digest).read_bytes()
        assert content[8:12] == b"WEBP" and len(content) == picture.file.size <= 25_000
        assert picture.alternative.startswith("Dessin : ")


def test_a_demo_page_is_shown(site, written):
    page = site.test_client().get(f"/conseils/{written[0].slug}")
    assert page.status_code == 200
    assert written[0].phone in page.text and written[0].email not in page.text


def test_the_demo_is_the_same_everywhere(site):
    communes = db.session.scalars(select(Territory).where(Territory.kind == TerritoryKind.COMMUNE)).all()
    records = [TerritoryRecord(TerritoryKind.COMMUNE, c.code, c.name, department=c.department.code,
                               population=c.population, latitude=c.latitude, longitude=c.longitude)
               for c in communes]  # fmt: skip
    names = {record.code: record.name for record in demo.make_neighbourhoods(records)}
    assert names == dict(db.session.execute(select(Neighbourhood.code, Neighbourhood.name)).all())


def test_a_second_load_leaves_the_directory_as_it_is(site):
    before = db.session.scalars(select(Council.id)).all()
    result = site.test_cli_runner().invoke(args=["demo", "load"])
    assert result.exit_code == 0 and "rien n’a été chargé" in result.output
    assert db.session.scalars(select(Council.id)).all() == before


def run(app, *arguments):
    result = app.test_cli_runner().invoke(args=list(map(str, arguments)))
    db.session.expire_all()
    return result


def stamps():
    return read_stamp(PAGES), read_stamp(DIRECTORY)


@pytest.fixture
def small(monkeypatch):
    """A demo of three councils, two of which have written their page."""
    monkeypatch.setattr(demo, "NUMBERS", {"01": 3})
    monkeypatch.setattr(demo, "WRITTEN", {"01": 2})


def test_the_demo_never_joins_real_councils(app, small):
    make_country()
    before = stamps()
    assert "rien n’a été chargé" in run(app, "demo", "load").output
    assert "retirés : 0" in run(app, "demo", "clear").output
    assert (count(Council), stamps()) == (3, before)


def test_the_demo_never_adopts_real_neighbourhoods(app, tmp_path, small):
    for name, text in (TERRITORIES | {"qpv2014.csv": QPV}).items():
        (tmp_path / name).write_text(text)
    run(app, "reference", "import", tmp_path, "--generation", "aucune")
    assert "rien n’a été chargé" in run(app, "demo", "load").output
    run(app, "demo", "clear")
    assert (count(Council), count(Neighbourhood)) == (0, 3)


def test_a_directory_that_fills_while_the_demo_is_drawn_stays_as_it_is(app, small):
    draft = demo.prepare()
    make_country()
    assert demo.load(draft) == 0
    assert count(Council) == 3


def test_clearing_the_demo_leaves_a_real_neighbourhood_of_a_demo_council(app):
    make_country().croix.is_demo = True
    db.session.commit()
    assert "retirés : 1" in run(app, "demo", "clear").output
    assert (count(Council), count(Neighbourhood)) == (2, 3)
    assert db.session.scalar(select(Neighbourhood.council_id).where(Neighbourhood.code == "QP001002")) is None


@pytest.mark.slow
def test_a_list_that_is_refused_leaves_the_demo(app, tmp_path, small):
    run(app, "demo", "load")
    before = stamps()
    (tmp_path / "q.csv").write_text(QPV_HEADER + "QP001901,Perdu,01999" + "," * 14)
    result = run(app, "reference", "import", tmp_path / "q.csv")
    assert "refus : QP001901 : commune inconnue" in result.output and "retirés" not in result.output
    assert (count(Council), count(Neighbourhood), stamps()) == (3, 3, before)


@pytest.mark.slow
def test_a_list_that_is_taken_in_replaces_the_demo(app, tmp_path, small):
    run(app, "demo", "load")
    db.session.scalars(select(Neighbourhood)).first().precision = Precision.UNKNOWN
    db.session.commit()
    (tmp_path / "q.csv").write_text(QPV_HEADER + "QP001001,Vrai,01053" + "," * 14)
    result = run(app, "reference", "import", tmp_path / "q.csv")
    assert "Conseils de démonstration retirés : 3." in result.output
    assert counted(result, "quartiers") == [1, 0, 0, 0]
    assert (db.session.scalars(select(Council.name)).all(), count(Neighbourhood)) == (["Vrai"], 1)


@pytest.mark.slow
def test_no_page_kept_from_the_demo_is_shown_once_it_is_cleared(app, client, small):
    run(app, "demo", "load")
    name = db.session.scalar(select(Council.name).order_by(Council.id))
    addresses = ["/conseils?departement=01", "/carte/01"]
    etags = {address: client.get(address).headers["ETag"] for address in addresses}
    assert all(name in unescape(client.get(address).text) for address in addresses)
    run(app, "demo", "clear")
    for address in addresses:
        page = client.get(address, headers={"If-None-Match": etags[address]})
        assert page.status_code == 200 and name not in unescape(page.text)
        assert name not in unescape(client.get(address).text)


def test_the_demo_is_refused_in_production(tmp_path):
    site = create_app(settings(tmp_path, PRODUCTION="1", BASE_URL="https://conseils.demo.example", **PUBLIC))
    result = site.test_cli_runner().invoke(args=["demo", "load"])
    assert result.exit_code == 1
    assert "PRODUCTION=1" in result.output


def test_clearing_the_demo_removes_councils_neighbourhoods_and_pictures(app, small):
    run(app, "demo", "load")
    pictures = select(StoredFile.digest).where(StoredFile.name.startswith("dessin-dm"))
    shared, other = db.session.scalars(pictures.order_by(StoredFile.id))
    db.session.add(StoredFile(digest=shared, name="autre.webp", media_type="image/webp", size=1))
    db.session.commit()
    assert "retirés : 3" in run(app, "demo", "clear").output
    assert (count(Council), count(Neighbourhood), count(StoredFile)) == (0, 0, 1)
    assert storage.path(shared).exists() and not storage.path(other).exists()
    assert count(Territory) > 5000


@pytest.mark.parametrize("address", ["/", "/conseils", "/conseils?departement=59", "/carte", "/carte/59", "/carte/93"])
def test_a_page_of_the_whole_country_fits_the_first_window_of_a_connection(site, address):
    response = site.test_client().get(address, headers={"Accept-Encoding": "gzip"})
    assert bytes_on_the_wire(response) <= 14_000


def test_the_open_data_hold_every_council_and_travel_compressed(site):
    client = site.test_client()
    rows = list(csv.DictReader(io.StringIO(client.get("/donnees/conseils.csv").text)))
    assert len(rows) == 1514
    assert list(rows[0]) == list(open_data.COLUMNS)
    assert all(row["demonstration"] == "oui" for row in rows)
    packed = client.get("/donnees/conseils.geojson", headers={"Accept-Encoding": "gzip"})
    features = json.loads(gzip.decompress(packed.data))["features"]
    assert len(features) == 1514
    assert features[0]["properties"]["nom"] == rows[0]["nom"]
    assert features[0]["geometry"]["coordinates"] == [float(rows[0]["longitude"]), float(rows[0]["latitude"])]


# The people of the demo -------------------------------------------------------------------------------------------


DEMO_HASH = hash_password(demo_people.PASSWORD)  # once: it takes its time


@pytest.fixture
def councils(app):
    """A country whose councils are of the demo."""
    country = make_country()
    for council in (country.croix, country.reyssouze, country.mistral):
        council.is_demo, council.edited_at = True, utcnow()
    db.session.commit()


@pytest.fixture
def people(councils):
    """The people of a small demo, by the name in their address."""
    assert demo_people.load(DEMO_HASH) == 7
    db.session.commit()
    return {user.email.removesuffix("@demo.example"): user for user in db.session.scalars(select(User))}


def log_in(client, name):
    return submit(client, "/connexion", email=f"{name}@demo.example", password=demo_people.PASSWORD)


@pytest.mark.parametrize(("name", "home"), [
    ("animatrice", "/animation"), ("referente", "/animation"), ("alice", "/mon-conseil"), ("bruno", "/mon-conseil"),
    ("chloe", "/mon-conseil"), ("dora", "/mon-inscription"), ("emile", "/mon-conseil"),
])  # fmt: skip
def test_each_of_them_logs_in_with_the_password_that_is_printed(people, client, name, home):
    page = log_in(client, name)
    assert page.headers["Location"] == home
    assert client.get(home).status_code == 200


def test_they_stand_where_the_walk_needs_them(site):
    rows = db.session.scalars(select(User))
    people = {user.email.removesuffix("@demo.example"): user for user in rows}
    alice, chloe, emile = people["alice"], people["chloe"], people["emile"]
    departments = [user.council.territories_of(TerritoryKind.DEPARTMENT)[0] for user in (alice, chloe, emile)]
    assert alice.council_id == people["bruno"].council_id == people["dora"].council_id != chloe.council_id
    assert departments[0] == departments[1] != departments[2]
    assert people["referente"].territories == [departments[0]]
    assert people["dora"].status == UserStatus.PENDING and people["dora"].words
    assert all(user.presentation for name, user in people.items() if name != "dora")
    assert alice.council.edited_at and chloe.council.edited_at and emile.council.edited_at


def test_the_peers_of_dora_are_asked_to_validate_her_sign_up(people):
    dispatch()
    asked = db.session.scalars(select(Delivery.recipient).where(Delivery.kind == "signup"))
    assert set(asked) == {"alice@demo.example", "bruno@demo.example"}


def test_they_are_added_to_a_demo_that_has_nobody_and_never_beside_somebody(app, councils):
    assert "Comptes de démonstration ajoutés : 7." in run(app, "demo", "load").output
    assert "rien n’a été chargé" in run(app, "demo", "load").output
    db.session.execute(delete(User))
    make_user("Vraie Personne")
    db.session.commit()
    assert "rien n’a été chargé" in run(app, "demo", "load").output
    assert count(User) == 1


def test_they_never_join_real_councils(app):
    make_country()
    assert "rien n’a été chargé" in run(app, "demo", "load").output
    assert count(User) == 0


def test_clearing_the_demo_leaves_nothing_of_them(app, people):
    dispatch()
    photo = storage.save(b"portrait")
    people["alice"].photo = StoredFile(digest=photo, name="portrait.webp", media_type="image/webp", size=8)
    real = make_user("Vraie Personne", people["alice"].council)
    db.session.commit()
    run(app, "demo", "clear")
    assert db.session.scalars(select(User.email)).all() == [real.email]
    assert not storage.path(photo).exists()
    assert (count(Delivery), count(Vouch), count(Login)) == (0, 0, 0)


def test_clearing_the_demo_leaves_what_real_people_have_said_and_nothing_else(app, people):
    council = people["alice"].council
    real = make_user(
        "Vraie Personne", make_council("Vrai", db.session.scalar(select(Territory).filter_by(code="01053")))
    )
    forum, demo_group = make_category(), make_group("Le fleuve", council)
    mixed = make_group("Les deux", council, real.council)
    own = db.session.scalar(select(Category).filter_by(group_id=demo_group.id))
    write(people["alice"], make_topic(people["alice"], own), PDF)
    write(people["bruno"], make_topic(people["alice"], forum, "À nous"), PDF * 2)
    answered = make_topic(people["alice"], forum, "Un local ?")
    write(people["bruno"], answered, PDF * 3)
    write(real, answered, PDF * 4)
    run(app, "demo", "clear")
    assert db.session.scalars(select(Group.name)).all() == [mixed.name]
    assert db.session.scalars(select(Topic.title)).all() == ["Un local ?"]
    said = db.session.execute(select(Message.number, Message.text, Message.removed_at).order_by(Message.number))
    assert [(number, text, bool(gone)) for number, text, gone in said] == [
        (1, "", True), (2, "", True), (3, "Nous aussi.", False),
    ]  # fmt: skip
    (file,) = db.session.scalars(select(StoredFile))
    assert file.size == len(PDF * 4) and storage.path(file.digest).exists()


def test_the_start_tells_who_they_are(app, people):
    told = run(app, "demo", "accounts").output
    assert demo_people.PASSWORD in told and all(user.email in told for user in people.values())
    run(app, "demo", "clear")
    assert run(app, "demo", "accounts").output == ""


def test_in_production_they_open_for_nobody_and_the_start_says_how_to_remove_them(app, people, client, monkeypatch):
    assert log_in(client, "alice").status_code == 302
    monkeypatch.setitem(app.config, "PRODUCTION", True)
    assert client.get("/mon-conseil").status_code == 302
    page = log_in(app.test_client(), "animatrice")
    assert page.status_code == 422 and "ne vont pas ensemble" in page.text
    told = run(app, "demo", "accounts").output
    assert "demo clear" in told and demo_people.PASSWORD not in told


def test_three_of_them_write_a_document_together(people, client):
    before = count(Activity)
    assert demo_publications.load() and demo_publications.load() == 0
    db.session.commit()
    item = db.session.scalars(select(Document).where(Document.is_collaborative)).one()
    versions = db.session.scalars(revisions.saved(item)).all()
    assert [one.number for one in versions] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert {one.author.first_name for one in versions} == {"Alice", "Bruno", "Chloé"}
    assert all(one.created_at > other.created_at for one, other in zip(versions, versions[1:], strict=False))
    assert versions[0].text == item.description and all(one.text != versions[-1].text for one in versions[:-1])
    assert db.session.scalars(select(Adoption.number).where(Adoption.lifted_at.is_not(None))).all() == [6]
    assert count(Follow) == 3 and count(Activity) == before
    log_in(client, "chloe")
    for view in ("", "/versions", "/ecrire"):
        assert client.get(f"/documents/{item.id}-{item.slug}{view}").status_code == 200


@pytest.fixture
def talk(people):
    """The people of a small demo, who have discussed."""
    assert demo_publications.load() and demo_discussions.load() == 14
    db.session.commit()
    return people


def test_they_discuss_in_a_forum_and_nobody_gets_a_mail_about_it(people):
    before = count(Activity)
    assert demo_publications.load() and demo_discussions.load() and demo_discussions.load() == 0
    db.session.commit()
    messages = db.session.scalars(select(Message).order_by(Message.id)).all()
    assert all(one.created_at < other.created_at < utcnow() for one, other in zip(messages, messages[1:], strict=False))
    topics = db.session.scalars(select(Topic)).all()
    assert all((topic.created_at, topic.last_at) == ends_of(topic, messages) for topic in topics)
    assert max(topic.last_number for topic in topics) > 20
    assert sum(bool(topic.answer_number) for topic in topics) == 3
    assert (sum(topic.is_pinned for topic in topics), sum(bool(topic.closed_at) for topic in topics)) == (1, 1)
    assert sum(bool(message.opening) for message in messages) == 1
    assert count(MessageText) == len(messages) and count(MessageLink) == 3
    assert count(Activity) == before


def ends_of(topic, messages):
    moments = [message.created_at for message in messages if message.topic_id == topic.id]
    return moments[0], moments[-1]


@pytest.mark.parametrize("name", ["alice", "bruno", "chloe"])
def test_each_of_them_finds_something_to_read_in_the_forum_and_in_the_group(talk, client, name):
    log_in(client, name)
    forum, _, groups = client.get("/forum").text.partition("Vos groupes de travail")
    assert "nouveaux messages" in forum and "Tout est lu." in forum
    group = db.session.scalars(select(Group)).one()
    assert (
        group.name in unescape(groups)
        and group.territory
        and group.purpose in unescape(client.get(f"/groupes/{group.slug}").text)
    )


def test_a_page_of_the_demo_forum_has_a_card_and_the_animator_a_group_to_make(talk, client):
    log_in(client, "chloe")
    asked = db.session.scalar(select(Topic).where(Topic.title.startswith("Une enquête")))
    assert "Modèle d’enquête de porte en porte" in client.get(f"/forum/sujets/{asked.id}-{asked.slug}").text
    animator = client.application.test_client()
    log_in(animator, "animatrice")
    page = animator.get("/animation/groupes").text
    assert "Émile Caron" in page and "/animation/groupes/nouveau?demande=" in page


def test_clearing_the_demo_leaves_nothing_of_its_discussions_but_rubrics_of_others(app, talk):
    own = make_category("Nos rubriques")
    db.session.commit()
    run(app, "demo", "clear")
    assert db.session.scalars(select(Category.name)).all() == [own.name]
    tables = (Topic, Message, MessageText, TopicCursor, CategoryCursor, Group, GroupRequest)
    assert [count(table) for table in tables] == [0] * len(tables)
    make_category("Projets et actions")
    db.session.commit()
    run(app, "demo", "clear")
    assert count(Category) == 2


@pytest.fixture
def news(people):
    """The people of a small demo, with what its site publishes."""
    demo_publications.load()
    assert demo_articles.load(demo_articles.prepare()) == 15
    db.session.commit()
    return people


def test_the_site_of_the_demo_publishes_articles_of_all_kinds(news, client):
    rows = db.session.scalars(select(Article).order_by(Article.published_at)).all()
    out = [row for row in rows if row.published_at]
    assert {row.kind for row in out} == set(ArticleKind) and len(out) == 13
    assert all(row.published_at < utcnow() and row.author_id == news["animatrice"].id for row in out)
    assert sum(bool(row.picture and row.thumbnail and row.picture_words) for row in out) == 2
    for row in out:
        assert client.get(f"/{row.shelf}/{row.slug}").status_code == 200
    assert client.get("/ressources/boite-a-outils").text.count("· PDF, ") == 2
    assert demo_articles.prepare() == []


def test_one_of_them_waits_for_the_animator_and_another_for_its_day(news, client):
    waiting = db.session.scalars(select(Article).where(*articles.is_waiting())).one()
    later = db.session.scalars(select(Article).where(Article.publish_on.is_not(None))).one()
    assert waiting.author is news["referente"] and waiting.territories == news["referente"].territories
    assert later.publish_on > utcnow() and later.slug is None
    dispatch()
    assert "article" not in db.session.scalars(select(Delivery.kind)).all()
    log_in(client, "animatrice")
    assert waiting.title in unescape(client.get("/animation/articles").text)


def test_their_call_has_gathered_actions_of_two_councils(news, client):
    call = db.session.scalars(select(Article).where(Article.kind == ArticleKind.CALL)).one()
    actions = [row.publication for row in db.session.scalars(select(Contribution).filter_by(article_id=call.id))]
    assert len({action.council_id for action in actions}) == 2
    page = unescape(client.get(f"/actualites/{call.slug}").text)
    assert all(action.title in page for action in actions)


def test_the_letter_of_last_month_has_left_and_that_of_this_month_is_a_draft(news, client):
    former, present = db.session.scalars(select(NewsletterIssue).order_by(NewsletterIssue.month)).all()
    assert (former.state, present.state) == (IssueState.SENT, IssueState.DRAFT)
    assert former.sent == former.recipients == 3 and present.items
    assert sum(user.letter_since is not None for user in news.values()) == 3
    page = client.get(f"/lettre/{former.slug}")
    assert page.status_code == 200 and former.content["sections"]
    assert client.get(f"/lettre/{present.slug}").status_code == 404


def test_clearing_the_demo_takes_its_articles_and_letters_away_and_no_other(app, news):
    own = make_article("Le nôtre")
    digests = [one.digest for one in db.session.scalars(select(StoredFile).where(StoredFile.name.like("dessin%")))]
    db.session.commit()
    run(app, "demo", "clear")
    assert db.session.scalars(select(Article.title)).all() == [own.title]
    assert [count(table) for table in (NewsletterIssue, Contribution, Setting)] == [0, 0, 0]
    assert digests and not any(storage.path(digest).exists() for digest in digests)


def test_articles_of_the_demo_never_join_a_real_site(app):
    make_country()
    make_user("Vraie Personne")
    db.session.commit()
    assert demo_articles.prepare() == []
    assert "rien n’a été chargé" in run(app, "demo", "load").output
    assert count(Article) == 0
