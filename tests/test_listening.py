"""Following topics, rubrics and groups: by a button, by writing there, and from the profile."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask_migrate import upgrade
from sqlalchemy import select

from app.access import viewer_of
from app.extensions import begin_write, db
from app.labels import AlertTopic, Channel, Rhythm
from app.models import Category, CategoryCursor, Topic, TopicCursor, User
from app.models.types import utcnow
from app.notifications import outbox
from app.services import alerts, listening, posting
from tests.browse import forms, send, submit
from tests.factories import make_cast, make_category, make_group, make_topic

PROFILE, LIST = "/mon-profil", "/mon-profil/suivis"


@pytest.fixture
def category(cast):
    return make_category()


@pytest.fixture
def topic(cast, category):
    topic = make_topic(cast.alice, category)
    db.session.commit()
    return topic


@pytest.fixture
def group(cast):
    group = make_group("Bourg", cast.council, cast.country.reyssouze)
    db.session.commit()
    return group


def page_of(topic):
    return f"/forum/sujets/{topic.id}-{topic.slug}"


def cursor(person, topic):
    return db.session.get(TopicCursor, (person.id, topic.id), populate_existing=True)


def discussions_of(group):
    return db.session.scalar(select(Category).where(Category.group_id == group.id))


def said(client, page, button):
    """Press a button; return the page that follows."""
    return client.get(submit(client, page, button).location).text


def answer(person, topic):
    begin_write()
    posting.post(topic, person, key=f"{utcnow().timestamp():032}", words=posting.rendered("Nous aussi."))
    db.session.commit()


# By a button -------------------------------------------------------------------------------------------------------


def test_a_member_follows_a_topic_and_stops(cast, bruno, topic):
    answered = submit(bruno, page_of(topic), "Suivre ce sujet")
    assert answered.location == page_of(topic)
    assert "vous recevrez un courriel pour chaque réponse" in bruno.get(answered.location).text
    assert cursor(cast.bruno, topic).is_followed is True
    assert "Vous ne suivez plus ce sujet." in said(bruno, page_of(topic), "Ne plus suivre")
    assert cursor(cast.bruno, topic).is_followed is False
    assert "Suivre ce sujet" in bruno.get(page_of(topic)).text


def test_a_member_follows_a_rubric_and_stops(cast, bruno, category):
    page = f"/forum/{category.slug}"
    assert submit(bruno, page, "Suivre cette rubrique").location == page
    assert listening.follows_category(category, cast.bruno)
    submit(bruno, page, "Ne plus suivre")
    assert not listening.follows_category(category, cast.bruno)


def test_the_members_of_a_group_follow_it_until_they_say_no(cast, bruno, group):
    place = discussions_of(group)
    assert listening.follows_category(place, cast.bruno)
    submit(bruno, f"/groupes/{group.slug}/discussions", "Ne plus suivre")
    assert not listening.follows_category(place, cast.bruno) and listening.follows_category(place, cast.alice)


def test_following_twice_is_the_same_and_keeps_what_was_read(cast, bruno, topic):
    page = bruno.get(page_of(topic))
    assert cursor(cast.bruno, topic).number == 1
    for _ in range(2):
        assert send(bruno, page, "Suivre ce sujet").status_code == 302
    assert (cursor(cast.bruno, topic).number, cursor(cast.bruno, topic).is_followed) == (1, True)


def test_the_button_of_a_further_page_leads_back_there(cast, bruno, topic):
    token = {"csrf_token": token_of(bruno), "act": "suivre"}
    assert bruno.post(f"{page_of(topic)}/suivi?page=7", data=token).location == f"{page_of(topic)}?page=7"
    assert bruno.post(f"{page_of(topic)}/suivi?page=x", data=token).location == page_of(topic)


def token_of(client):
    return forms(client.get("/affichage").text)[0].fields["csrf_token"]


@pytest.mark.parametrize("who", ["emile", "animator"])
def test_nobody_follows_what_they_may_not_read(cast, client_as, group, who):
    browser, place = client_as(getattr(cast, who)), discussions_of(group)
    secret = make_topic(cast.alice, place)
    db.session.commit()
    token = {"csrf_token": token_of(browser), "act": "suivre"}
    assert browser.post(f"{page_of(secret)}/suivi", data=token).status_code == 404
    assert browser.post(f"/forum/rubriques/{place.id}/suivi", data=token).status_code == 404
    assert db.session.scalars(select(TopicCursor)).all() == db.session.scalars(select(CategoryCursor)).all() == []


def test_a_button_that_is_not_ours_is_refused(cast, bruno, topic):
    token = token_of(bruno)
    assert bruno.post(f"{page_of(topic)}/suivi", data={"csrf_token": token, "act": "x"}).status_code == 400
    assert bruno.post(f"{page_of(topic)}/suivi", data={"csrf_token": token}).status_code == 400
    assert bruno.post(f"{page_of(topic)}/suivi", data={"act": "suivre"}).status_code == 422
    assert bruno.post("/forum/sujets/999999-x/suivi", data={"csrf_token": token, "act": "suivre"}).status_code == 404
    assert cursor(cast.bruno, topic) is None


@pytest.mark.parametrize(
    ("rhythm", "words"),
    [(Rhythm.NOW, "vous recevrez un courriel"), (Rhythm.DAILY, "le courriel de chaque jour"),
     (Rhythm.WEEKLY, "le courriel de chaque semaine"), (Rhythm.NEVER, "vous avez choisi de ne pas recevoir")],
)  # fmt: skip
def test_whoever_follows_is_told_how_they_will_hear_of_it(cast, bruno, topic, rhythm, words):
    alerts.set_choices(cast.bruno, {AlertTopic.FORUM: (rhythm, False)})
    db.session.commit()
    assert words in said(bruno, page_of(topic), "Suivre ce sujet")


@pytest.mark.parametrize(("kind", "rhythm"), [("discussion", Rhythm.NOW), ("digest", Rhythm.DAILY)])
def test_whoever_stopped_such_mails_is_told_so(cast, bruno, topic, kind, rhythm):
    alerts.set_choices(cast.bruno, {AlertTopic.FORUM: (rhythm, False)})
    outbox.stop(Channel.MAIL, cast.bruno.email, kind)
    db.session.commit()
    assert listening.unheard(cast.bruno) == "vous avez arrêté ces courriels"
    assert "mais vous avez arrêté ces courriels" in said(bruno, page_of(topic), "Suivre ce sujet")
    outbox.resume(Channel.MAIL, cast.bruno.email, kind)
    outbox.stop(Channel.MAIL, cast.bruno.email, "following")
    assert listening.unheard(cast.bruno) == ""


@pytest.mark.parametrize("how", ["topic", "rubric"])
def test_where_nobody_writes_any_more_following_is_not_offered_but_can_be_stopped(cast, bruno, category, topic, how):
    pages = {page_of(topic)} if how == "topic" else {page_of(topic), f"/forum/{category.slug}"}
    for page in pages:
        assert 'value="suivre"' in bruno.get(page).text
        submit(bruno, page, "Suivre")
    (topic if how == "topic" else category).closed_at = utcnow()
    db.session.commit()
    for page in pages:
        shown = bruno.get(page).text
        assert "Vous suivez" in shown and "ce que vous avez choisi dans votre profil" not in shown
        submit(bruno, page, "Ne plus suivre")
        assert "uivre" not in bruno.get(page).text.partition("<main")[2]


def test_an_archived_group_offers_nothing_to_follow(cast, bruno, group):
    page = f"/groupes/{group.slug}/discussions"
    submit(bruno, page, "Ne plus suivre")
    assert 'value="suivre"' in bruno.get(page).text
    group.archived_at = utcnow()
    db.session.commit()
    assert 'value="suivre"' not in bruno.get(page).text


# By writing --------------------------------------------------------------------------------------------------------


def test_whoever_writes_in_a_topic_follows_it(cast, topic):
    answer(cast.bruno, topic)
    assert (cursor(cast.bruno, topic).is_followed, cursor(cast.bruno, topic).number) == (True, 2)


def test_whoever_said_no_does_not_follow_by_writing_there(cast, topic):
    listening.set_topic(topic, cast.bruno, False)
    answer(cast.bruno, topic)
    assert cursor(cast.bruno, topic).is_followed is False


def test_whoever_wants_to_follow_nothing_by_writing_does_not(cast, bruno, topic):
    assert submit(bruno, PROFILE, "Enregistrer mon profil", follows_own_topics=None).status_code == 302
    answer(db.session.get(User, cast.bruno.id, populate_existing=True), topic)
    assert cursor(cast.bruno, topic).is_followed is None
    submit(bruno, page_of(topic), "Suivre ce sujet")
    answer(cast.bruno, topic)
    assert cursor(cast.bruno, topic).is_followed is True


# The profile -------------------------------------------------------------------------------------------------------


def test_the_profile_leads_to_what_one_follows_and_lets_stop(cast, bruno, category, topic, group):
    listening.set_topic(topic, cast.bruno, True)
    listening.set_category(category, cast.bruno, True)
    db.session.commit()
    assert "Voir tout ce que vous suivez (3)" in bruno.get(PROFILE).text
    assert topic.title not in bruno.get(PROFILE).text
    page = bruno.get(LIST).text
    assert all(name in page for name in (topic.title, category.name, "Bourg", "Les discussions"))
    for purpose in (topic.title, category.name, "Bourg"):
        button = next(form for form in forms(bruno.get(LIST).text) if is_about(form, bruno, purpose))
        assert bruno.post(button.action, data=button.fields | {"act": "cancel"}).location == f"{LIST}#discussions"
    assert "Vous ne suivez rien pour l’instant" in bruno.get(LIST).text
    assert "Voir tout ce que vous suivez" not in bruno.get(PROFILE).text


def is_about(form, client, purpose):
    page = client.get(LIST).text
    start = page.find(f'action="{form.action.replace("&", "&amp;")}"')
    return "/suivi" in form.action and purpose in page[start : page.find("</form>", start)]


def test_what_one_may_not_read_any_more_is_not_listed(cast, bruno, group):
    secret = make_topic(cast.alice, discussions_of(group), "Un secret")
    listening.set_topic(secret, cast.bruno, True)
    db.session.commit()
    assert "Un secret" in bruno.get(LIST).text
    group.councils.remove(cast.council)
    db.session.commit()
    page = bruno.get(LIST).text
    assert "Un secret" not in page and "Bourg" not in page
    assert "Voir tout ce que vous suivez" not in bruno.get(PROFILE).text


def test_a_long_list_is_cut_and_the_others_are_counted(cast, bruno, category):
    for number in range(32):
        listening.set_topic(make_topic(cast.alice, category, f"Sujet {number}"), cast.bruno, True)
    db.session.commit()
    assert "Voir tout ce que vous suivez (32)" in bruno.get(PROFILE).text
    page = bruno.get(LIST).text
    assert "et 12 autres" in page and page.count("Ne plus suivre «") == 20
    assert len(listening.some_followed(viewer_of(cast.bruno)).topics) == 20


def test_the_list_says_why_nothing_comes(cast, bruno, topic):
    listening.set_topic(topic, cast.bruno, True)
    cast.bruno.alerts_paused_at = utcnow()
    db.session.commit()
    assert "vos alertes sont en pause" in bruno.get(LIST).text


# Two at once -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_at_once_make_one_row(own_app):
    with own_app.app_context():
        upgrade()
        cast = make_cast()
        topic = make_topic(cast.alice, make_category())
        db.session.commit()
        topic_id, person_id = topic.id, cast.bruno.id

    def follow(number):
        with own_app.app_context():
            begin_write()
            topic, person = db.session.get(Topic, topic_id), db.session.get(User, person_id)
            listening.set_topic(topic, person, True) if number % 2 else listening.begin(topic, person)
            db.session.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(follow, range(12)))
    with own_app.app_context():
        (row,) = db.session.scalars(select(TopicCursor))
        assert (row.user_id, row.number, row.is_followed) == (person_id, 0, True)
