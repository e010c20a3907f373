"""What is done to a topic: pinned, closed, settled, under another title, in another rubric."""

import re

import pytest
from sqlalchemy import select

from app.extensions import db
from app.forms.arranging import MoveForm
from app.models import AuditEntry, Category, Topic, TopicCursor
from app.models.types import utcnow
from tests.browse import forms, send, submit
from tests.factories import make_category, make_group, make_message, make_topic


@pytest.fixture
def topic(cast):
    topic = make_topic(cast.alice, make_category("Jardins"))
    make_message(cast.chloe, topic)
    make_message(cast.bruno, topic, "À la mairie.")
    db.session.commit()
    return topic


@pytest.fixture
def shared(cast):
    """A topic of Alice's in a group of her council and Chloé's."""
    group = make_group("Les quartiers de Bourg", cast.council, cast.country.reyssouze)
    topic = make_topic(cast.alice, db.session.scalar(select(Category).filter_by(group_id=group.id)), "Les bancs")
    make_message(cast.chloe, topic)
    db.session.commit()
    return topic


@pytest.fixture
def chloe(cast, client_as):
    return client_as(cast.chloe)


def address(topic, what=""):
    return f"/forum/sujets/{topic.id}-{topic.slug}{'/' * bool(what)}{what}"


def token(client):
    return forms(client.get("/affichage").text)[0].fields["csrf_token"]


def press(client, topic, what, **fields):
    return client.post(address(topic, what), data={"csrf_token": token(client)} | fields)


def journal():
    return [(entry.verb, entry.reason) for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def test_the_animator_pins_a_topic_and_a_button_pressed_twice_does_not_take_it_back(cast, animator, topic):
    page = animator.get(address(topic))
    for _ in range(2):
        answer = send(animator, page, "Épingler")
        assert answer.location == address(topic) and topic.is_pinned
    submit(animator, address(topic), "Ne plus épingler")
    assert not topic.is_pinned
    assert journal() == [("topic.pinned", ""), ("topic.unpinned", "")]


def test_a_closed_topic_is_answered_by_nobody_until_it_opens_again(cast, animator, alice, topic):
    submit(animator, address(topic), "Fermer le sujet")
    assert "Ce sujet est fermé" in alice.get(address(topic)).text
    assert press(alice, topic, "repondre", text="Si.", act="post", key="0" * 32).status_code == 403
    submit(animator, address(topic), "Rouvrir le sujet")
    assert alice.get(address(topic, "repondre")).status_code == 200
    assert journal() == [("topic.closed", ""), ("topic.reopened", "")]


def test_a_new_title_brings_a_new_address_and_the_former_one_leads_there(cast, animator, alice, topic):
    former = address(topic)
    db.session.refresh(topic)
    answer = submit(animator, address(topic, "titre"), "Enregistrer", title=" Où se  réunir ? ")
    assert topic.title == "Où se réunir ?" and answer.location == address(topic) != former
    assert alice.get(former).location.endswith(address(topic))
    moved = animator.get(f"{former}/titre")
    assert moved.status_code == 301 and moved.location == address(topic, "titre")
    assert journal() == [("topic.renamed", "Un local pour se réunir ?")]
    submit(animator, address(topic, "titre"), "Enregistrer")
    assert len(journal()) == 1  # the same title is no change


@pytest.mark.parametrize("title", ["", " \u202e ", "x" * 151])
def test_a_title_that_is_none_comes_back_with_a_sentence(animator, topic, title):
    page = submit(animator, address(topic, "titre"), "Enregistrer", title=title)
    assert page.status_code == 422 and "À corriger" in page.text and page.text.split("<title>")[1].startswith("Erreur")
    assert topic.title == "Un local pour se réunir ?"


def test_a_topic_under_another_title_is_found_by_the_words_of_that_one(cast, animator, alice, topic):
    submit(animator, address(topic, "titre"), "Enregistrer", title="Une cabane")
    assert address(topic) in alice.get("/forum/recherche?q=cabane").text
    submit(animator, address(topic, "titre"), "Enregistrer", title="🌳")
    assert topic.slug == "sujet"
    assert address(topic) not in alice.get("/forum/recherche?q=cabane").text


def test_a_topic_moves_to_an_open_rubric_with_those_who_follow_it(cast, animator, alice, topic):
    other, closed = make_category("Logement", position=2), make_category("Fêtes", closed_at=utcnow())
    make_group("Les quartiers de Bourg", cast.council)
    db.session.add(TopicCursor(user_id=cast.bruno.id, topic_id=topic.id, number=2, is_followed=True))
    db.session.commit()
    page = animator.get(address(topic, "deplacement"))
    assert re.findall(r'<option[^>]*value="(\d+)"', page.text) == [str(other.id)]
    for refused in ("", "x", closed.id, topic.category_id):
        answer = send(animator, page, "Déplacer", rubric=refused)
        assert answer.status_code == 422 and "À corriger" in answer.text
    answer = send(animator, page, "Déplacer", rubric=other.id)
    assert answer.location == address(topic) and topic.category_id == other.id
    assert topic.title in alice.get("/forum/logement").text and topic.title not in alice.get("/forum/jardins").text
    assert db.session.get(TopicCursor, (cast.bruno.id, topic.id)).is_followed
    assert journal() == [("topic.moved", "Jardins → Logement")]


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_rubric_shut_while_one_chooses_it_takes_no_topic(cast, animator, topic, monkeypatch, is_gone):
    other = make_category("Logement")
    db.session.commit()
    page, other_id, real = animator.get(address(topic, "deplacement")), other.id, MoveForm.validate_on_submit

    def shut(form):
        is_right = real(form)
        if is_gone:
            db.session.delete(db.session.get(Category, other_id))
        else:
            db.session.get(Category, other_id).closed_at = utcnow()
        db.session.commit()
        return is_right

    monkeypatch.setattr(MoveForm, "validate_on_submit", shut)
    answer = send(animator, page, "Déplacer", rubric=other_id)
    assert answer.status_code == 422 and "vient d’être fermée" in answer.text
    assert db.session.get(Topic, topic.id).category.name == "Jardins"


def test_where_there_is_no_other_rubric_the_page_says_so(animator, topic):
    assert "pas d’autre rubrique ouverte" in animator.get(address(topic, "deplacement")).text


def test_whoever_asked_says_which_message_answers_and_takes_it_back(cast, alice, chloe, topic):
    page = alice.get(address(topic))
    for _ in range(2):
        answer = send(alice, page, "Ceci répond à ma question")
        assert topic.answer_number == 2 and answer.location.endswith("#message-2")
    assert "Réponse trouvée" in chloe.get(address(topic)).text
    press(alice, topic, "reponse", number=3)
    press(alice, topic, "reponse", number=2, act="cancel")  # from a page of before
    assert topic.answer_number == 3
    submit(alice, address(topic), "Ce n’est plus la réponse")
    assert topic.answer_number is None
    assert journal() == []  # it is their own topic


def test_the_animator_settles_a_topic_and_the_journal_knows(cast, animator, topic):
    press(animator, topic, "reponse", number=2)
    press(animator, topic, "reponse", number=2, act="cancel")
    assert journal() == [("topic.settled", ""), ("topic.unsettled", "")]


def test_what_is_not_there_to_be_read_and_the_question_itself_are_no_answer(cast, alice, topic):
    removed = make_message(cast.bruno, topic, removed_at=utcnow())
    hidden = make_message(cast.bruno, topic, hidden_at=utcnow())
    db.session.commit()
    for number in (1, removed.number, hidden.number, 99, -4, 2**40):
        assert press(alice, topic, "reponse", number=number).status_code == 302
        assert topic.answer_number is None
    assert "choisissez-en un autre" in alice.get(address(topic)).text
    for number in ("", "x", "0"):
        assert press(alice, topic, "reponse", number=number).status_code == 400


def test_nobody_else_keeps_order_in_the_forum(cast, client_as, topic):
    other = make_category("Logement")
    db.session.commit()
    for person in (cast.alice, cast.chloe, cast.referent):
        browser = client_as(person)
        assert "Ranger ce sujet" not in browser.get(address(topic)).text
        for what in ("epingle", "fermeture", "titre", "deplacement"):
            fields = {"act": "epingler", "title": "À moi", "rubric": other.id}
            assert press(browser, topic, what, **fields).status_code == 403, what
        if person is not cast.alice:
            assert "Ceci répond" not in browser.get(address(topic)).text
            assert press(browser, topic, "reponse", number=2).status_code == 403
    assert not topic.is_pinned and topic.title == "Un local pour se réunir ?" and topic.category.name == "Jardins"


def test_the_members_of_a_group_keep_order_among_themselves_and_no_journal_tells_it(cast, chloe, animator, shared):
    submit(chloe, address(shared), "Épingler")
    submit(chloe, address(shared, "titre"), "Enregistrer", title="Des bancs")
    press(chloe, shared, "reponse", number=2)
    assert shared.is_pinned and shared.title == "Des bancs" and shared.answer_number == 2
    assert journal() == []
    assert "Déplacer" not in chloe.get(address(shared)).text
    assert chloe.get(address(shared, "deplacement")).status_code == 403
    for what in ("titre", "deplacement"):
        assert animator.get(address(shared, what)).status_code == 404
    for what in ("epingle", "fermeture", "reponse"):
        assert press(animator, shared, what, act="cancel", number=2).status_code == 404
    assert shared.is_pinned


def test_nothing_is_arranged_in_an_archived_group_nor_settled_in_a_closed_rubric(cast, alice, shared, topic):
    shared.category.group.archived_at = topic.category.closed_at = utcnow()
    db.session.commit()
    for what in ("epingle", "fermeture", "reponse"):
        assert press(alice, shared, what, act="cancel", number=2).status_code == 403
    assert press(alice, topic, "reponse", number=2).status_code == 403


def test_a_right_that_is_lost_before_the_lock_is_no_right(cast, chloe, shared, monkeypatch):
    def leave():
        shared.category.group.councils.remove(cast.country.reyssouze)
        db.session.commit()

    monkeypatch.setattr("app.blueprints.community.arranging.begin_write", leave)
    answer = press(chloe, shared, "titre", title="Mon titre")
    assert answer.status_code == 404 and "Mon titre" in answer.text
    assert press(chloe, shared, "epingle", act="epingler").status_code == 404
    assert shared.title == "Les bancs" and not shared.is_pinned


def test_the_animator_who_is_so_no_more_arranges_nothing(cast, animator, topic, monkeypatch):
    def demote():
        cast.animator.role = "member"
        db.session.commit()

    monkeypatch.setattr("app.blueprints.community.arranging.begin_write", demote)
    assert press(animator, topic, "epingle", act="epingler").status_code == 403
    assert not topic.is_pinned


def test_the_journal_tells_of_the_topics_of_others_in_the_forum_alone(cast, animator, shared, topic):
    cast.animator.council_id = cast.council.id  # a member of the group, too
    own = make_topic(cast.animator, topic.category)
    db.session.commit()
    for one in (own, shared, topic):
        press(animator, one, "epingle", act="epingler")
        assert one.is_pinned
    assert [entry.subject_id for entry in db.session.scalars(select(AuditEntry))] == [topic.id]


def test_a_button_that_is_none_of_ours_and_a_missing_token_change_nothing(animator, topic):
    assert press(animator, topic, "epingle", act="autre").status_code == 400
    assert press(animator, topic, "fermeture").status_code == 400
    assert animator.post(address(topic, "epingle"), data={"act": "epingler"}).status_code == 422
    assert not topic.is_pinned


def test_the_topic_is_locked_before_it_changes(cast, animator, topic, locks):
    press(animator, topic, "epingle", act="epingler")
    assert [one.partition("FROM ")[2].split()[0] for one in locks] == ["users", "councils", "topics"]
