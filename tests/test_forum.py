"""The forum: rubrics, their topics, and what is unread there."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.labels import Visibility
from app.models import Attachment, Document, MessageLink, StoredFile, TopicCursor
from app.models.types import utcnow
from tests.browse import submit
from tests.factories import make_category, make_group, make_message, make_publication, make_topic, make_user

ALL_PARTS = ("INTO topic_cursors", "FROM attachments", "FROM message_links")  # of a topic page that asks all it may


@pytest.fixture
def rubric(cast):
    category = make_category("Vie des conseils", description="Se réunir, se former, durer.")
    db.session.commit()
    return category


def later(minutes):
    """An instant after now: accounts are made now, and what was there before them is nothing new."""
    return utcnow() + timedelta(minutes=minutes)


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.get_data(as_text=True)).split())


def test_the_forum_is_for_validated_accounts(client, client_as, cast, rubric):
    topic = make_topic(cast.alice, rubric)
    db.session.commit()
    for path in ("/forum", "/forum/vie-des-conseils", f"/forum/sujets/{topic.id}-{topic.slug}"):
        assert client.get(path).status_code == 302
        assert client_as(cast.dora).get(path).status_code == 403
        for member in (cast.alice, cast.chloe, cast.emile, cast.referent, cast.animator):
            assert client_as(member).get(path).status_code == 200


def test_the_first_page_shows_each_rubric_with_its_last_topics_and_what_is_unread(client_as, cast, rubric):
    for number in range(5):
        make_topic(cast.alice, rubric, f"Sujet {number}", created_at=later(number))
    make_category("Projets", position=1)
    db.session.commit()
    page = words(client_as(cast.chloe).get("/forum"))
    assert "Se réunir, se former, durer. 5 sujets à lire Sujet 4 nouveau sujet" in page
    assert "Sujet 3" in page and "Sujet 2" in page and "Sujet 1" not in page
    assert page.index("Vie des conseils") < page.index("Projets") and "Aucun sujet pour l’instant." in page
    assert "À lire : Vie des conseils (5 sujets)." in page.replace("&nbsp;", " ")


def test_what_is_older_than_an_account_is_nothing_new_to_it(client_as, cast, rubric):
    make_topic(cast.alice, rubric, created_at=utcnow() - timedelta(days=2))
    db.session.commit()
    assert "<strong>nouveau" not in client_as(cast.chloe).get("/forum/vie-des-conseils").text


def test_a_read_topic_counts_what_came_since(client_as, cast, rubric):
    topic = make_topic(cast.alice, rubric, created_at=later(1))
    db.session.commit()
    chloe, path = client_as(cast.chloe), f"/forum/sujets/{topic.id}-{topic.slug}"
    chloe.get(path)
    assert "Tout est lu" in words(chloe.get("/forum"))
    for _ in range(2):
        make_message(cast.bruno, topic, created_at=later(5))
    db.session.commit()
    page = chloe.get("/forum/vie-des-conseils")
    assert "2 nouveaux messages" in words(page)
    assert f'href="{path}#message-2"' in page.get_data(as_text=True)


def test_topics_come_with_the_pinned_ones_first_then_the_last_written_in(client_as, cast, rubric):
    for number in range(3):
        make_topic(cast.alice, rubric, f"Sujet {number}", created_at=later(number), is_pinned=number == 0)
    db.session.commit()
    page = words(client_as(cast.chloe).get("/forum/vie-des-conseils"))
    assert page.index("Sujet 0") < page.index("Sujet 2") < page.index("Sujet 1")
    assert "épinglé" in page


def test_a_long_rubric_is_walked_forth_and_back_without_losing_a_topic(client_as, cast, rubric):
    for number in range(45):
        make_topic(cast.alice, rubric, f"Sujet {number:02}.", created_at=later(number), is_pinned=number % 2 == 0)
    db.session.commit()
    client, seen, path = client_as(cast.chloe), [], "/forum/vie-des-conseils"
    pages = []
    while path:
        pages.append(path)
        html = client.get(path).get_data(as_text=True)
        seen += re.findall(r">Sujet (\d\d)\.<", html)
        older = re.search(r'rel="next" href="([^"]+)"', html)
        path = older and "/forum/vie-des-conseils" + older[1].replace("&amp;", "&")
    assert len(pages) == 3 and len(seen) == len(set(seen)) == 45
    html = client.get(pages[-1]).get_data(as_text=True)
    newer = re.search(r'rel="prev" href="([^"]+)"', html)[1]
    back = client.get("/forum/vie-des-conseils" + newer).get_data(as_text=True)
    assert re.findall(r">Sujet (\d\d)\.<", back) == seen[20:40]


@pytest.mark.parametrize("cursor", ["x", "1-99999999999", "e", "-", "1"])
def test_a_cursor_that_the_site_did_not_write_is_no_page(client_as, cast, rubric, cursor):
    assert client_as(cast.chloe).get(f"/forum/vie-des-conseils?avant={cursor}").status_code == 404


def test_all_of_a_rubric_is_marked_as_read(client_as, cast, rubric):
    opened, unopened = (make_topic(cast.alice, rubric, title, created_at=later(1)) for title in ("Un", "Deux"))
    db.session.commit()
    chloe = client_as(cast.chloe)
    chloe.get(f"/forum/sujets/{opened.id}-un")
    make_message(cast.bruno, opened, created_at=later(2))
    db.session.commit()
    with time_machine.travel(later(3), tick=False):
        submit(chloe, "/forum/vie-des-conseils", "Tout marquer comme lu")
        page = chloe.get("/forum/vie-des-conseils")
        assert "Tout est marqué comme lu" in words(page) and "<strong>nouveau" not in page.text
    make_message(cast.bruno, unopened, created_at=later(9))
    make_message(cast.bruno, opened, created_at=later(9))
    db.session.commit()
    page = words(client_as(cast.chloe).get("/forum/vie-des-conseils"))
    assert "Deux nouveaux messages" in page and "Un 1 nouveau message" in page


def test_the_group_of_a_council_discusses_among_its_members_only(client_as, cast, rubric):
    group = make_group("Bourg ensemble", cast.council, cast.chloe.council)
    place = db.session.scalar(select(type(rubric)).filter_by(group_id=group.id))
    topic = make_topic(cast.alice, place, "Entre nous", created_at=later(1))
    db.session.commit()
    path = f"/forum/sujets/{topic.id}-entre-nous"
    for member in (cast.alice, cast.bruno, cast.chloe):
        assert client_as(member).get(path).status_code == 200
        assert "Entre nous" in words(client_as(member).get("/forum"))
    for stranger in (cast.emile, cast.referent, cast.animator):
        assert client_as(stranger).get(path).status_code == 404
        assert "Entre nous" not in words(client_as(stranger).get("/forum"))


def test_pages_of_the_forum_cost_few_queries_and_bytes(client_as, cast, rubric, queries):
    for number in range(30):
        topic = make_topic(cast.alice, rubric, f"Une question sur le local numéro {number}", created_at=later(number))
    for number in range(45):
        make_message(make_user(f"Voisin {number}", cast.council, email=f"v{number}@essai.example"), topic)
    shown = make_publication(Document, cast.alice, level=Visibility.MEMBERS)
    for number in range(3):  # on the page that is measured
        message = make_message(cast.alice, topic, has_files=True, has_cards=True)
        file = StoredFile(digest=f"{number:064}", name="a.pdf", media_type="application/pdf", size=1)
        db.session.add(Attachment(message_id=message.id, form_key=message.key, file=file))
        db.session.add(MessageLink(message_id=message.id, publication_id=shown.id))
    db.session.commit()
    for person in (cast.chloe, cast.referent, cast.animator):
        client = client_as(person)
        client.get("/forum")
        for path in ("/forum", "/forum/vie-des-conseils", f"/forum/sujets/{topic.id}-{topic.slug}?page=3"):
            queries.clear()
            answer = client.get(path, headers={"Accept-Encoding": "gzip"})
            if "sujets" in path:
                assert all(any(part in one for one in queries) for part in ALL_PARTS)
            assert answer.status_code == 200 and len(queries) <= 6, (path, queries)
            assert len(answer.data) <= 14 * 1024


def test_a_get_writes_nothing_but_the_mark_of_its_reader_and_only_when_it_moves(client_as, cast, rubric, queries):
    topic = make_topic(cast.alice, rubric)
    db.session.commit()
    chloe, path = client_as(cast.chloe), f"/forum/sujets/{topic.id}-{topic.slug}"
    chloe.get("/forum")
    for expected in (["topic_cursors"], []):
        queries.clear()
        chloe.get(path)
        assert [s.split()[2] for s in queries if not s.startswith(("SELECT", "BEGIN", "WITH"))] == expected


def test_the_mark_never_goes_back(client_as, cast, rubric):
    topic = make_topic(cast.alice, rubric)
    for _ in range(25):
        make_message(cast.bruno, topic)
    db.session.commit()
    chloe = client_as(cast.chloe)
    for page, mark in ((2, 26), (1, 26)):
        chloe.get(f"/forum/sujets/{topic.id}-{topic.slug}?page={page}")
        assert db.session.scalar(select(TopicCursor.number).filter_by(user_id=cast.chloe.id)) == mark
