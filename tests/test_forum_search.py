"""Searching the discussions by their words: the same answers on both databases, to those who may read them."""

import html
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Message, MessageText
from app.models.types import utcnow
from app.services import forum_search
from tests.browse import submit
from tests.factories import make_category, make_group, make_message, make_topic, place_of

SEARCH = "/forum/recherche"


@pytest.fixture
def rubric(cast):
    rubric = make_category("Jardins", position=1)
    db.session.commit()
    return rubric


def say(author, topic, text, **columns):
    message = make_message(author, topic, text, **columns)
    forum_search.index(message)
    return message


def begin(author, category, title, **columns):
    topic = make_topic(author, category, title, **columns)
    forum_search.index(db.session.scalar(select(Message).filter_by(topic_id=topic.id)), title)
    db.session.commit()
    return topic


def look(client, q, **query):
    return client.get(SEARCH, query_string={"q": q} | query)


def found(client, q, **query):
    """Return the topics and the numbers of the messages that were found."""
    page = look(client, q, **query)
    assert page.status_code == 200
    lines = re.findall(r'<li><a href="/forum/sujets/\d+-([^"?]*)[^"]*#message-(\d+)"', page.text)
    return [(slug, int(number)) for slug, number in lines]


def test_what_is_written_is_found_at_once_with_the_words_that_were_looked_for(cast, alice, bruno, rubric):
    submit(alice, "/forum/jardins/nouveau", "Publier", title="Un potager", text="Qui a des **graines** & du terreau ?")
    assert found(bruno, "potager") == found(bruno, "la graine") == [("un-potager", 1)]
    page = look(bruno, "graine")
    assert "Qui a des <strong>graines</strong> &amp; du terreau ?" in page.text
    assert "Alice Martin" in page.text and "Jardins" in page.text
    assert "Qui a des graines" in look(bruno, "potager").text  # in the title alone: how it begins
    assert found(bruno, "camion") == [] and "Aucun message ne correspond" in look(bruno, "camion").text


def test_what_was_corrected_is_found_by_its_new_words_alone(cast, alice, rubric):
    submit(alice, "/forum/jardins/nouveau", "Publier", title="Un potager", text="Des graines ?")
    message_id = db.session.scalar(select(Message.id))
    submit(alice, f"/forum/messages/{message_id}/modifier", "Enregistrer", title="Un verger", text="Des pommes ?")
    assert found(alice, "verger pommes") == [("un-verger", 1)]
    assert found(alice, "potager") == found(alice, "graines") == []


@pytest.mark.parametrize("question", ["œuvre", "OEUVRES", "l’oeuvre d'art", "œuvr", "art œuvre", "oeuvre\u202e"])
def test_other_forms_of_a_word_find_it(cast, alice, rubric, question):
    topic = begin(cast.alice, rubric, "Le square")
    say(cast.bruno, topic, "Une œuvre d’art, enfin.")
    say(cast.bruno, topic, "L’art floral")
    db.session.commit()
    assert found(alice, question) == [("le-square", 2)]


@pytest.mark.parametrize("question", ["*", "🌳", '"', "le la", "x" * 101, "\x00", "()"])
def test_a_question_without_a_word_or_too_long_is_refused_with_a_sentence(alice, rubric, question):
    page = look(alice, question)
    if question == "\x00":  # nothing was typed
        assert page.status_code == 200
        return
    assert page.status_code == 422 and "À corriger" in page.text and "<title>Erreur : " in page.text
    assert html.escape(question) in page.text or '"' in question


def test_members_find_what_the_forum_says_and_what_their_own_groups_say(cast, client_as, rubric):
    group = make_group("Les quartiers de Bourg", cast.council, cast.country.reyssouze)
    begin(cast.alice, place_of(group), "Bancs du groupe")
    begin(cast.emile, rubric, "Bancs du forum")
    for person in (cast.alice, cast.chloe):
        assert found(client_as(person), "bancs") == [("bancs-du-forum", 1), ("bancs-du-groupe", 1)]
    for person in (cast.emile, cast.animator, cast.referent):
        browser = client_as(person)
        assert found(browser, "bancs") == [("bancs-du-forum", 1)]
        refused = look(browser, "bancs", ou=place_of(group).id)
        assert refused.status_code == 422 and "Les quartiers" not in refused.text
        assert "dans vos groupes" not in refused.text


def test_one_searches_a_rubric_or_a_group(cast, alice, rubric):
    group, other = make_group("Bourg", cast.council), make_category("Logement", position=2)
    titles = ((rubric, "Bancs A"), (other, "Bancs B"), (place_of(group), "Bancs C"))
    topics = [begin(cast.alice, place, title) for place, title in titles]
    assert found(alice, "bancs", ou=other.id) == [("bancs-b", 1)]
    assert found(alice, "bancs", ou=place_of(group).id) == [("bancs-c", 1)]
    page = alice.get(SEARCH, query_string={"ou": other.id})
    assert page.status_code == 200 and f'<option selected value="{other.id}">Logement<' in page.text
    assert "dans vos groupes" in page.text
    lines = [html.unescape(line).replace("\xa0", " ") for line in re.findall(r"<option[^>]*>([^<]*)", page.text)]
    assert lines == ["Partout", "Jardins", "Logement", "Groupe « Bourg »"]
    for nowhere in ("rien", "0", f"0{other.id}"):
        assert look(alice, "bancs", ou=nowhere).status_code == 422
    for number in range(20):
        say(cast.alice, topics[1], f"Un banc {number}")
    db.session.commit()
    older = re.search(r'rel="next" href="([^"]+)"', look(alice, "banc", ou=other.id).text)[1]
    assert f"ou={other.id}" in older and "Bancs B" in alice.get(SEARCH + html.unescape(older)).text


def test_what_is_hidden_or_was_taken_away_is_found_by_nobody(cast, client_as, rubric):
    topic = begin(cast.alice, rubric, "Le square")
    removed, hidden = say(cast.alice, topic, "Un cyprès"), say(cast.alice, topic, "Un cyprès")
    veiled = begin(cast.alice, rubric, "Le cyprès")
    removed.removed_at = hidden.hidden_at = veiled.hidden_at = utcnow()
    db.session.commit()
    browsers = [client_as(person) for person in (cast.alice, cast.bruno, cast.animator)]
    assert [found(browser, "cyprès") for browser in browsers] == [[], [], []]
    removed.removed_at = None
    db.session.commit()
    assert [found(browser, "cyprès") for browser in browsers] == [[("le-square", 2)]] * 3


def test_a_text_that_was_erased_is_found_no_more(cast, alice, rubric):
    topic = begin(cast.alice, rubric, "Le square")
    gone, kept = say(cast.alice, topic, "Un cyprès"), say(cast.bruno, topic, "Un cyprès")
    forum_search.forget([gone.id])
    db.session.commit()
    assert found(alice, "cyprès") == [("le-square", kept.number)]
    assert db.session.get(MessageText, gone.id) is None


def test_what_somebody_said_who_is_gone_is_found_without_a_name(cast, alice, rubric):
    begin(None, rubric, "Le square")
    assert "un ancien membre" in look(alice, "square").text


def test_pages_follow_one_another_and_count_nothing(cast, alice, rubric, queries):
    topic = begin(cast.alice, rubric, "Le square")
    for number in range(2, 46):
        say(cast.alice, topic, f"Cyprès {number}", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    db.session.commit()
    seen, at = [], f"{SEARCH}?q=cypr%C3%A8s"
    while at:
        queries.clear()
        page = alice.get(at)
        assert len(queries) <= 6 and not any("count(" in query.lower() for query in queries)
        seen.append([int(number) for number in re.findall(r"#message-(\d+)", page.text)])
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        newer = re.search(r'rel="prev" href="([^"]+)"', page.text)
        assert bool(newer) == (len(seen) > 1)
        at = older and SEARCH + html.unescape(older[1])
    assert [number for numbers in seen for number in numbers] == list(range(45, 1, -1))
    assert [len(numbers) for numbers in seen] == [20, 20, 4]
    back = alice.get(SEARCH + html.unescape(newer[1]))
    assert [int(number) for number in re.findall(r"#message-(\d+)", back.text)] == seen[1]


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 10, "1" * 11, "٣", "1.5"])
def test_a_cursor_that_the_site_did_not_write_is_no_page(alice, rubric, cursor):
    assert look(alice, "square", avant=cursor).status_code == 404
    assert look(alice, "square", apres=cursor).status_code == 404


def test_a_page_of_what_was_found_is_light_and_its_links_lead_to_the_messages(cast, alice, rubric):
    topic = begin(cast.alice, rubric, "Le square " * 14)
    for _ in range(45):
        say(cast.alice, topic, f"<b>{'Lorem ipsum dolor. ' * 30} cyprès {'sit amet. ' * 300}")
    db.session.commit()
    page = alice.get(f"{SEARCH}?q=cypr%C3%A8s", headers={"Accept-Encoding": "gzip"})
    assert len(page.data) < 14_000
    link = re.search(r'href="(/forum/sujets/[^"#]*)#message-46"', look(alice, "cyprès").text)[1]
    assert link.endswith("?page=3") and 'id="message-46"' in alice.get(html.unescape(link)).text


def marked(text, question):
    return "".join(f"[{words}]" if is_found else words for words, is_found in forum_search.excerpt(text, question))


@pytest.mark.parametrize(
    ("text", "question", "shown"),
    [
        ("<p>L’été à l’<em>école</em></p>", "ecoles d’été", "L’[été] à l’[école]"),
        ("<p>a</p>\n<p>Le jardinage</p>", "jard", "a Le [jardinage]"),
        ("<p>1 &lt; 2 &amp; bancs</p>", "banc", "1 < 2 & [bancs]"),
        ("<p>Le banc</p>", "le banc", "Le [banc]"),
        ("<p>Rien de cela</p>", "banc", "Rien de cela"),
        ("", "banc", ""),
        (f"<p>{'mot ' * 100}banc {'fin ' * 100}</p>", "banc", f"… {'mot ' * 20}[banc]{' fin' * 39} …"),
        (f"<p>{'mot ' * 100}</p>", "banc", f"{'mot ' * 60}mot …"),
        ("<p>" + "x" * 500 + "</p>", "banc", "x" * 240 + " …"),
    ],
)
def test_an_excerpt_shows_the_first_word_that_was_looked_for_among_others(app, text, question, shown):
    assert marked(text, question) == shown
