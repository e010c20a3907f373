"""The animator's mailbox: what waits and why, what it costs, and what a person decides for one message."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from app.extensions import db
from app.jobs import sending
from app.jobs.dispatching import dispatch
from app.labels import AlertTopic, Channel, DeliveryState, Priority, Rhythm, Role, Visibility
from app.models import Category, Delivery, Document, User
from app.models import Message as Post
from app.models.types import utcnow
from app.notifications import dispatch as activities
from app.notifications import outbox
from app.notifications.message import Line, Message, Section
from app.services import alerts, listening
from tests.factories import make_category, make_council, make_group, make_publication, make_topic

NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
LIST = "/animation/courrier"


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=True):
        yield


def post(number=1, channel=Channel.SMS, priority=Priority.REMINDER, **columns):
    to = "+33612345678" if channel == Channel.SMS else "alice@ex.fr"
    short = columns.pop("short", f"Réunion n° {number}.")
    message = Message(f"Réunion {number}", ("Venez nombreux.",), short=short)
    columns = {"to": to, "kind": "signup", "priority": priority, "channel": channel} | columns
    outbox.post(message, key=f"{channel}:{number}", **columns)
    db.session.commit()


def row():
    db.session.expire_all()
    return db.session.scalar(sa.select(Delivery).order_by(Delivery.id))


def put(**columns):
    db.session.execute(sa.update(Delivery).values(**columns))
    db.session.commit()


@pytest.fixture
def lost(gateway):
    """An SMS whose outcome nobody knows."""
    gateway.mode = "lost"
    post()
    sending.send_texts()
    gateway.mode = "ok"
    assert row().state == DeliveryState.TO_CHECK
    return row()


@pytest.fixture
def client(cast, client_as):
    return client_as(cast.animator)


def press(client, delivery, button, page=None):
    """Press a button of the page as it was opened; return the page that follows."""
    address = f"{LIST}/{delivery.id}"
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page or client.get(address).text)[1]
    return client.post(address, data={"csrf_token": token, "act": button}, follow_redirects=True).text


def test_a_mail_is_shown_with_all_its_links_and_its_reason(client):
    also = (("Comparer", "https://ex.fr/comparer"),)
    message = Message("Document changé", ("Bonjour,",), ("Lire", "https://ex.fr/lire"), why="vous le suivez", also=also)
    outbox.post(message, to="alice@ex.fr", key="a", kind="following", priority=Priority.ALERT, channel=Channel.MAIL)
    db.session.commit()
    page = client.get(f"{LIST}/{row().id}").text
    assert 'Comparer&nbsp;: <a href="https://ex.fr/comparer">' in page
    assert "Vous recevez ce message parce que vous le suivez." in page


@pytest.fixture
def secret():
    return "AFFAIRE CONFIDENTIELLE"


def dispatched(verb, row, actor):
    activities.record(verb, row, actor.id)
    db.session.commit()
    dispatch()


def opened(client, app, monkeypatch):
    """Return the list and the pages of all its messages, of a site whose messages really leave."""
    monkeypatch.setitem(app.config, "MAIL_SERVER", "smtp.example")
    ids = db.session.scalars(sa.select(Delivery.id)).all()
    assert ids
    return [client.get(LIST).text, *(client.get(f"{LIST}/{one}").text for one in ids)]


def test_the_title_of_what_a_group_discusses_is_not_told(app, cast, client, secret, monkeypatch):
    group = make_group("Bourg", cast.council, cast.country.reyssouze)
    place = db.session.scalar(sa.select(Category).where(Category.group_id == group.id))
    topic = make_topic(cast.alice, place, secret)
    dispatched("message.posted", db.session.scalar(sa.select(Post).filter_by(topic_id=topic.id)), cast.alice)
    for page in opened(client, app, monkeypatch):
        assert "Un message dans une discussion" in page and secret not in page
    db.session.delete(topic)
    db.session.commit()
    assert not any(secret in page for page in opened(client, app, monkeypatch))


def test_the_title_of_what_a_council_keeps_to_itself_is_not_told(app, cast, client, secret, monkeypatch):
    alerts.set_choices(cast.bruno, {AlertTopic.DOCUMENT: (Rhythm.NOW, False)})
    document = make_publication(Document, cast.alice, title=secret, level=Visibility.COUNCIL)
    dispatched("document.published", document, cast.alice)
    assert secret in row().subject
    for page in opened(client, app, monkeypatch):
        assert "Une alerte sur ce qui est partagé" in page and secret not in page
    document.level = Visibility.PUBLIC
    db.session.commit()
    assert all(secret in page for page in opened(client, app, monkeypatch))


def test_what_everybody_reads_in_the_forum_keeps_its_subject(app, cast, client, monkeypatch):
    category = make_category()
    listening.set_category(category, cast.bruno, True)
    topic = make_topic(cast.alice, category, "Un local ?")
    dispatched("message.posted", db.session.scalar(sa.select(Post).filter_by(topic_id=topic.id)), cast.alice)
    for page in opened(client, app, monkeypatch):
        assert "Nouveau sujet : Un local ?" in page and "Un message dans une discussion" not in page


def test_a_digest_tells_no_title_on_a_site_whose_messages_leave(app, cast, client, secret, monkeypatch):
    line = Line(None, "Nouveau sujet", secret, "https://ex.fr/a", answer="https://ex.fr/b", topic_id=1, first=1, last=1)
    message = Message("1 nouveauté pour vous", ("Bonjour,",), sections=(Section("Discussions : Bourg", (line,)),))
    outbox.post(message, to="alice@ex.fr", key="a", kind="digest", priority=Priority.DIGEST, channel=Channel.MAIL)
    db.session.commit()
    assert 'href="https://ex.fr/b">Répondre</a>' in client.get(f"{LIST}/{row().id}").text  # for who tries the site
    assert not any(secret in page for page in opened(client, app, monkeypatch))


# What a person decides --------------------------------------------------------------------------------------------


def test_a_text_that_arrived_is_noted_as_sent_when_it_left_and_stays_paid(client, gateway, lost):
    assert "Il est arrivé" in client.get(f"{LIST}/{lost.id}").text
    with time_machine.travel(NOON + timedelta(hours=20), tick=True):
        assert "C’est noté" in press(client, lost, "arrived")
        sending.send_texts()
    assert (row().state, row().segments, len(gateway.taken)) == (DeliveryState.SENT, 1, 1)
    assert row().sent_at < NOON + timedelta(minutes=5)


def test_a_text_that_is_sent_again_may_come_twice_and_may_be_paid_twice(app, client, gateway, lost):
    assert "peut le recevoir deux fois" in client.get(f"{LIST}/{lost.id}").text
    press(client, lost, "again")
    assert (row().state, row().is_maybe_double, row().attempts) == (DeliveryState.WAITING, True, 1)
    sending.send_texts()
    assert len(gateway.taken) == 2
    assert (row().state, row().attempts, row().segments, row().cost_cents) == (DeliveryState.SENT, 2, 2, 14)
    page = client.get(f"{LIST}/{lost.id}").text
    assert "doublon possible" in page and "2 SMS payés, 14\u00a0centimes" in page


def test_what_the_first_sending_may_have_cost_stays_counted_when_the_second_is_refused(client, gateway, lost):
    press(client, lost, "again")
    gateway.mode = "refused"
    sending.send_texts()
    assert (row().state, row().segments, row().cost_cents) == (DeliveryState.FAILED, 1, 7)


def test_a_text_that_is_not_sent_again_has_failed(client, gateway, lost):
    press(client, lost, "stop")
    sending.send_texts()
    assert (row().state, len(gateway.taken)) == (DeliveryState.FAILED, 1)


@pytest.mark.parametrize("second", ["arrived", "again", "stop", "retry"])
@pytest.mark.parametrize("first", ["arrived", "again", "stop"])
def test_of_two_people_who_decide_the_first_wins_and_the_second_is_told(client, gateway, lost, first, second):
    page = client.get(f"{LIST}/{lost.id}").text
    press(client, lost, first, page)
    state = row().state
    told = press(client, lost, second, page)
    if (first, second) == ("stop", "retry"):
        assert row().state == DeliveryState.WAITING
    else:
        assert "quelqu’un a déjà décidé" in told and row().state == state


def test_only_the_animator_decides(client, client_as, cast, gateway, lost):
    page = client.get(f"{LIST}/{lost.id}").text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]
    data = {"csrf_token": token, "act": "again"}
    for viewer in db.session.scalars(sa.select(User).where(User.role != Role.ANIMATOR)).all():
        assert client_as(viewer).post(f"{LIST}/{lost.id}", data=data).status_code == 403
    assert row().state == DeliveryState.TO_CHECK


@pytest.mark.parametrize("data", [{"act": "again"}, {"act": "again", "csrf_token": "x"}, {}])
def test_a_button_without_its_token_changes_nothing(client, gateway, lost, data):
    answer = client.post(f"{LIST}/{lost.id}", data=data)
    assert answer.status_code == 422 and "<title>Erreur : " in answer.text
    assert row().state == DeliveryState.TO_CHECK


def test_an_unknown_button_changes_nothing(client, gateway, lost):
    assert "Choisissez un bouton" in press(client, lost, "burn")
    assert row().state == DeliveryState.TO_CHECK


@pytest.mark.parametrize("channel", list(Channel))
def test_a_message_that_failed_is_tried_again_and_has_its_48_hours_anew(client, gateway, channel):
    post(channel=channel)
    put(state=DeliveryState.FAILED, attempts=9, first_attempt_at=NOON - timedelta(days=5), error="Abandonné.")
    assert "Réessayer maintenant" in client.get(f"{LIST}/{row().id}").text
    press(client, row(), "retry")
    assert (row().state, row().attempts, row().first_attempt_at) == (DeliveryState.WAITING, 9, None)
    assert not row().is_maybe_double
    gateway.mode = "busy"
    sending.send_texts()
    sending.send_mails()
    assert row().state == (DeliveryState.WAITING if channel == Channel.SMS else DeliveryState.SENT)


def test_what_nobody_wants_or_nobody_would_get_cannot_be_tried_again(client, gateway, lost):
    page = client.get(f"{LIST}/{lost.id}").text
    outbox.stop(Channel.SMS, lost.recipient, outbox.ALL)
    db.session.commit()
    assert "ne veut plus" in press(client, lost, "again", page)
    assert row().state == DeliveryState.TO_CHECK
    shown = client.get(f"{LIST}/{lost.id}").text
    assert "Il ne peut pas repartir" in shown and 'value="again"' not in shown and 'value="arrived"' in shown
    put(state=DeliveryState.FAILED)
    assert "Réessayer" not in client.get(f"{LIST}/{lost.id}").text


def test_a_text_that_was_erased_cannot_leave_again(client, gateway, lost):
    page = client.get(f"{LIST}/{lost.id}").text
    put(content=sa.null())
    assert "son texte a été effacé" in client.get(f"{LIST}/{lost.id}").text
    press(client, lost, "again", page)
    assert row().state == DeliveryState.TO_CHECK


def test_a_message_that_waits_or_left_has_no_button(client):
    post()
    for state in (DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.SENT):
        put(state=state)
        assert "<button" not in client.get(f"{LIST}/{row().id}").text.split("<main")[1]


def test_the_page_tells_the_length_and_the_price_of_a_text(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_COST_CENTS", 6.5)
    post(short="a" * 400)
    assert "3 SMS, soit 19,5\u00a0centimes" in client.get(f"{LIST}/{row().id}").text


# The list ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def six(app):
    """Two mails and four SMS, in five states."""
    states = [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.TO_CHECK, DeliveryState.TO_CHECK]
    for number, state in enumerate([*states, DeliveryState.WAITING, DeliveryState.FAILED]):
        post(number, Channel.MAIL if number < 2 else Channel.SMS)
        db.session.execute(sa.update(Delivery).where(Delivery.subject == f"Réunion {number}").values(state=state))
    db.session.commit()


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", "543210"), ("?etat=a-verifier", "32"), ("?etat=echec", "51"), ("?etat=en-attente", "4"),
        ("?canal=courriel", "10"), ("?canal=sms", "5432"), ("?etat=echec&canal=sms", "5"),
        ("?etat=a-verifier&canal=courriel", ""),
    ],
)  # fmt: skip
def test_the_list_is_chosen_by_state_and_channel(client, six, query, numbers):
    page = client.get(LIST + query).text
    assert "".join(re.findall(r">Réunion (\d)</a>", page)) == numbers


def test_each_choice_tells_how_many_messages_it_shows(client, six):
    page = client.get(f"{LIST}?etat=echec").text
    for words in ("Tous (6)", "À vérifier (2)", "Échec (2)", "En attente (1)"):
        assert words in page
    for words in ("Courriels et SMS (2)", "Courriels (1)", "SMS (1)"):
        assert f">{words}<" in page
    assert page.count('aria-current="true"') == 2
    assert f'href="{LIST}?etat=a-verifier#messages">2 messages sont à vérifier' in page


@pytest.mark.parametrize("query", ["?etat=tous", "?canal=pigeon", "?etat=", "?page=2"])
def test_an_unknown_choice_is_a_404(client, six, query):
    assert client.get(LIST + query).status_code == 404


def test_the_pages_of_a_chosen_list_stay_in_it_and_ask_as_little_as_the_whole(client, queries):
    for number in range(70):
        post(number)
    queries.clear()
    page = client.get(f"{LIST}?etat=en-attente&canal=sms&page=2").text
    assert len(queries) < 16
    assert page.count(">Réunion ") == 30
    assert re.search(r'href="[^"]*etat=en-attente[^"]*page=3|href="[^"]*page=3[^"]*etat=en-attente', page)


# What the SMS cost ------------------------------------------------------------------------------------------------


@pytest.fixture
def caps(app, gateway, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_MONTHLY_CAP", 10)
    monkeypatch.setitem(app.config, "SMS_COUNCIL_MONTHLY_CAP", 2)
    monkeypatch.setitem(app.config, "SMS_COST_CENTS", 6.5)


def test_the_page_tells_what_the_texts_of_the_month_cost_and_under_which_cap(client, caps):
    with time_machine.travel(NOON - timedelta(days=30), tick=True):
        post(0)
        sending.send_texts()
    post(1)
    post(2, short="a" * 400)
    sending.send_texts()
    page = client.get(LIST).text
    assert "Les SMS de novembre 2026" in page
    assert "4 SMS payés, soit 26\u00a0centimes" in page and "Le plafond est de 10 par mois" in page
    assert "presque atteint" not in page


def test_the_page_tells_what_a_cap_holds_back_and_until_when(client, cast, caps):
    council = cast.council.id
    for number in range(3):
        post(number, council_id=council)
    for number in range(10, 30):
        post(number, priority=Priority.LETTER)
    post(30, to="+68987123456")
    sending.send_texts()
    page = client.get(LIST).text
    assert "Ces SMS ne partent plus, pour laisser la place aux plus urgents : résumé, lettre." in page
    assert "Croix Blanche</a> : 1 SMS" in page
    assert "13 SMS attendent le mois prochain, à cause du plafond du site." in page
    assert "2 SMS attendent le mois prochain, à cause du plafond de leur conseil." in page
    assert "1 SMS attend 8 h du matin" in page
    assert "Lettre : 13 SMS en attente, les derniers partent dans 2 mois." in page
    assert "Rappel : 3 SMS en attente, les derniers partent le mois prochain." in page


def test_a_cap_that_is_reached_is_told(client, caps):
    for number in range(12):
        post(number, priority=Priority.ACCOUNT)
    sending.send_texts()
    assert "Le plafond du mois est atteint : plus aucun SMS ne part" in client.get(LIST).text


def test_the_list_of_councils_under_their_cap_is_bounded(cast, client, caps, queries):
    country = cast.country
    for number in range(25):
        council = make_council(f"Conseil {number}", country.bourg)
        post(number, council_id=council.id)
    put(segments=2, charged_at=utcnow())
    assert client.get(LIST).text.count("</a> : 2 SMS</li>") == 20


def test_without_a_gateway_the_page_says_that_nothing_leaves(client):
    assert "Ce site n’est relié à aucun envoi de SMS" in client.get(LIST).text
