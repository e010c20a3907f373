"""SMS from the outbox to a real HTTP gateway on loopback: by day, within the caps, never twice."""

import threading
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine
from flask_migrate import downgrade, upgrade
from sqlalchemy import select

from app.extensions import db
from app.jobs import sending, stops
from app.labels import Channel, DeliveryState, Priority
from app.models import Delivery
from app.notifications import outbox, sms, texting
from app.notifications.message import Message
from tests.conftest import sms_gateway
from tests.factories import make_country

NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)  # in Paris; the evening before in Tahiti


SHORT = "Réunion à 18 h « salle 3 » : être à l’heure, ça aide."
TOMORROW = datetime(2026, 11, 19, 7, 0, tzinfo=UTC)  # eight o'clock in Paris


def post(number=1, to="+33612345678", priority=Priority.REMINDER, short=SHORT, link=None, **columns):
    message = Message("Rappel", ("…",), link=link, short=short)
    outbox.post(message, to=to, key=f"sms:{number}", kind="reminder", priority=priority, channel=Channel.SMS, **columns)
    db.session.commit()


def rows():
    db.session.expire_all()
    return db.session.scalars(select(Delivery).order_by(Delivery.id)).all()


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=True):
        yield


def test_a_text_leaves_in_one_segment_and_its_cost_is_noted(app, gateway, noon):
    post()
    sending.send_texts()
    sending.send_texts()
    (sent,) = gateway.taken
    assert sent["to"] == "+33612345678"
    assert sent["text"] == 'Réunion à 18 h "salle 3" : etre à l\'heure, ca aide.'
    (row,) = rows()
    assert (row.state, row.provider_id, row.segments) == (DeliveryState.SENT, "sms-1", 1)
    assert row.cost_cents == app.config["SMS_COST_CENTS"]


def test_nobody_is_woken_by_a_text(app, gateway):
    with time_machine.travel(NOON, tick=True):
        post(1)
        post(2, to="+68987123456")  # one in the morning in Tahiti
        sending.send_texts()
    assert [sent["to"] for sent in gateway.taken] == ["+33612345678"]
    waiting = rows()[1]
    assert waiting.next_attempt_at == datetime(2026, 11, 18, 18, 0, tzinfo=UTC)  # eight o'clock there
    with time_machine.travel(waiting.next_attempt_at, tick=True):
        sending.send_texts()
    assert len(gateway.taken) == 2


def test_a_busy_gateway_is_tried_again(app, gateway, noon):
    gateway.mode = "busy"
    post()
    sending.send_texts()
    assert rows()[0].state == DeliveryState.WAITING


def test_an_answer_that_was_lost_is_left_to_a_person(app, gateway, noon):
    gateway.mode = "lost"
    post()
    sending.send_texts()
    gateway.mode = "ok"
    sending.send_texts()
    assert len(gateway.taken) == 1
    assert rows()[0].state == DeliveryState.TO_CHECK
    assert rows()[0].segments == 1  # it may have cost


def test_a_text_in_flight_when_its_sender_died_is_not_sent_twice(app, gateway, noon):
    post()
    (claimed,) = outbox.claim(Channel.SMS, "dead", 1, sending._lease() * 0)
    outbox.mark_in_flight(claimed.id, "dead", sending._lease() * 0)
    db.session.commit()
    sending.send_texts()
    assert gateway.taken == []
    assert rows()[0].state == DeliveryState.TO_CHECK


def test_a_text_that_failed_costs_nothing(app, gateway, noon):
    gateway.mode = "refused"
    post(1)
    sending.send_texts()
    gateway.mode = "busy"
    post(2)
    sending.send_texts()
    assert [row.state for row in rows()] == [DeliveryState.FAILED, DeliveryState.WAITING]
    assert [(row.segments, row.cost_cents, row.charged_at) for row in rows()] == [(0, 0, None)] * 2


def test_parts_of_a_cent_are_kept(app, gateway, noon, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_COST_CENTS", 6.5)
    post(short="a" * 400)
    sending.send_texts()
    assert (rows()[0].segments, rows()[0].cost_cents) == (3, 19.5)


def test_a_long_text_leaves_whole_in_joined_segments(app, gateway, noon):
    link = ("Voir", "https://conseils.exemple.fr/evenements/12-fete")
    post(1, short="Réunion publique jeudi. " * 8, link=link)
    post(2, short="Réunion publique jeudi. " * 40, link=link)
    sending.send_texts()
    assert gateway.taken[0]["text"] == "Réunion publique jeudi. " * 8 + link[1]
    assert gateway.taken[1]["text"].endswith("jeudi... " + link[1]) and len(gateway.taken[1]["text"]) > 430
    assert [row.segments for row in rows()] == [2, 3]


def test_a_text_that_waited_long_before_its_first_attempt_still_has_its_48_hours(app, gateway):
    gateway.mode = "busy"
    for day in range(4):
        with time_machine.travel(NOON + timedelta(days=day, hours=11), tick=True):
            if day == 0:
                post()
            sending.send_texts()  # at eleven in the evening
    assert (rows()[0].attempts, rows()[0].first_attempt_at) == (0, None)
    with time_machine.travel(NOON + timedelta(days=4), tick=True):
        sending.send_texts()
    assert (rows()[0].state, rows()[0].attempts) == (DeliveryState.WAITING, 1)


# Caps -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def caps(app, monkeypatch):
    def put(site=0, council=0):
        monkeypatch.setitem(app.config, "SMS_MONTHLY_CAP", site)
        monkeypatch.setitem(app.config, "SMS_COUNCIL_MONTHLY_CAP", council)

    return put


def held():
    return [row for row in rows() if row.state == DeliveryState.WAITING]


def test_the_cap_of_the_site_holds_back_what_is_over_it_until_the_next_morning(app, gateway, noon, caps):
    caps(site=4)
    for number in range(6):
        post(number, priority=Priority.ACCOUNT)
    sending.send_texts()
    assert len(gateway.taken) == 4
    assert {(row.next_attempt_at, row.error) for row in held()} == {(TOMORROW, texting.SITE_CAP)}


def test_the_least_urgent_texts_are_held_back_first(app, gateway, noon, caps):
    caps(site=20)
    for number, priority in enumerate(reversed(Priority)):
        for copy in range(20):
            post(20 * number + copy, priority=priority)
        sending.send_texts()
    sent = [row.priority for row in rows() if row.state == DeliveryState.SENT]
    assert [sent.count(priority) for priority in Priority] == [1, 1, 1, 1, 16]


def test_the_share_of_a_council_is_spared_in_the_same_way_and_a_code_of_an_account_passes_over_it(
    app, gateway, noon, caps
):
    caps(site=13, council=10)
    council = make_country().croix.id
    for number in range(10):
        post(number, priority=Priority.LETTER, council_id=council)
    sending.send_texts()
    assert len(gateway.taken) == 8
    assert {row.error for row in held()} == {texting.COUNCIL_CAP}
    for number in range(10, 20):
        post(number, priority=Priority.ACCOUNT, council_id=council)
    sending.send_texts()
    assert len(gateway.taken) == 13
    assert {row.error for row in held() if row.priority == Priority.ACCOUNT} == {texting.SITE_CAP}


def test_the_segments_of_a_long_text_count_each(app, gateway, noon, caps):
    caps(site=4)
    post(1, priority=Priority.ACCOUNT, short="a" * 400)
    post(2, priority=Priority.ACCOUNT, short="b" * 200)
    post(3, priority=Priority.ACCOUNT)
    sending.send_texts()
    assert [sent["reference"] for sent in gateway.taken] == ["sms:1", "sms:3"]


def test_a_cap_that_was_raised_lets_them_leave_the_next_morning(app, gateway, caps):
    caps(site=1)
    with time_machine.travel(NOON, tick=True):
        post(1)
        post(2)
        sending.send_texts()
    caps(site=10)
    with time_machine.travel(TOMORROW, tick=True):
        sending.send_texts()
    assert len(gateway.taken) == 2


def test_the_month_is_that_of_paris_and_counts_when_a_text_left_not_when_it_was_due(app, gateway, caps):
    caps(site=1)
    with time_machine.travel(datetime(2026, 11, 30, 15, 0, tzinfo=UTC), tick=True):
        post(1, next_attempt_at=datetime(2026, 10, 1, tzinfo=UTC))
        post(2, next_attempt_at=datetime(2026, 10, 1, tzinfo=UTC))
        sending.send_texts()
    assert len(gateway.taken) == 1
    # Between 22 h and midnight UTC it is August in Paris, night there, and morning in Nouméa.
    with time_machine.travel(datetime(2027, 7, 31, 21, 30, tzinfo=UTC), tick=True):
        post(3, to="+687751234")
        sending.send_texts()
    with time_machine.travel(datetime(2027, 7, 31, 22, 30, tzinfo=UTC), tick=True):
        post(4, to="+687751234")
        post(5, to="+687751234")
        sending.send_texts()
    assert [sent["reference"] for sent in gateway.taken] == ["sms:1", "sms:3", "sms:4"]


def test_a_text_whose_end_nobody_knows_counts_on_the_cap(app, gateway, noon, caps):
    caps(site=2)
    gateway.mode = "lost"
    post(1, priority=Priority.ACCOUNT)
    sending.send_texts()
    gateway.mode = "ok"
    post(2, priority=Priority.ACCOUNT)
    (claimed,) = outbox.claim(Channel.SMS, "dead", 1, timedelta(0))
    texting.admit(claimed)
    outbox.mark_in_flight(claimed.id, "dead", timedelta(0))
    db.session.commit()
    post(3, priority=Priority.ACCOUNT)
    sending.send_texts()
    assert [row.state for row in rows()] == [DeliveryState.TO_CHECK, DeliveryState.TO_CHECK, DeliveryState.WAITING]
    assert [(row.segments, row.cost_cents) for row in rows()] == [(1, 7), (1, 7), (0, 0)]
    assert len(gateway.taken) == 1


def test_without_a_gateway_nothing_is_paid_and_no_cap_is_reached(app, noon, caps):
    caps(site=1)
    for number in range(3):
        post(number)
    sending.send_texts()
    assert {(row.state, row.segments, row.cost_cents) for row in rows()} == {(DeliveryState.SENT, 0, 0)}


def test_several_workers_at_once_do_not_pass_a_cap(own_app, monkeypatch):
    def book(*arguments):
        time.sleep(0.03)  # between comparing and writing
        return at_once(*arguments)

    at_once = outbox.book
    monkeypatch.setattr(outbox, "book", book)
    monkeypatch.setattr(sending, "BATCH", 2)
    start = threading.Barrier(6)

    def work():
        with own_app.app_context():
            start.wait()
            sending.send_texts()

    with own_app.app_context(), sms_gateway(own_app) as gateway, time_machine.travel(NOON, tick=True):
        upgrade()
        own_app.config["SMS_MONTHLY_CAP"] = 10
        for number in range(60):
            post(number, priority=Priority.ACCOUNT)
        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(gateway.taken) == 10
        db.session.rollback()
        assert texting.spent(NOON)[0] == 10


# The night --------------------------------------------------------------------------------------------------------

NUMBERS = {
    "Europe/Paris": "+33612345678", "America/Martinique": "+596696201234", "Indian/Reunion": "+262692123456",
    "Pacific/Noumea": "+687751234", "America/Miquelon": "+508551234",
}  # fmt: skip
# The Sundays when clocks change: in France, then in Saint-Pierre-et-Miquelon; the day before and the day itself.
CHANGES = {
    "Europe/Paris": [(2027, 3, 27), (2027, 3, 28), (2026, 10, 24), (2026, 10, 25)],
    "America/Miquelon": [(2027, 3, 13), (2027, 3, 14), (2026, 10, 31), (2026, 11, 1)],
}


@pytest.mark.parametrize(("zone", "day"), [
    (zone, day) for zone in NUMBERS for day in CHANGES.get(zone, [(2026, 10, 25)])  # elsewhere clocks never change
], ids=str)  # fmt: skip
def test_no_telephone_rings_at_night_when_clocks_change(app, gateway, zone, day):
    taken = []
    for number, clock in enumerate([(0, 0), (7, 59), (8, 0), (12, 0), (19, 59), (20, 0), (23, 59)]):
        with time_machine.travel(datetime(*day, *clock, tzinfo=ZoneInfo(zone)), tick=False):
            post(number, to=NUMBERS[zone])
            sending.send_texts()
        taken.append(len(gateway.taken))
    assert taken == [0, 0, 3, 4, 5, 5, 5]
    for row in held():
        local = row.next_attempt_at.astimezone(ZoneInfo(zone))
        assert (local.hour, local.minute) == (8, 0)
        assert local.date() == date(*day) + timedelta(days=1)


def test_who_said_stop_gets_no_more_texts(app, gateway, noon):
    outbox.stop(Channel.SMS, "+33612345678", outbox.ALL)
    post()
    sending.send_texts()
    assert gateway.taken == []


def test_a_code_asks_the_gateway_to_serve_a_number_again(app, noon):
    """Somebody who said STOP and now asks for a code; the other messages still stay here."""
    asked = []

    class Gateway:
        def welcome(self, number):
            asked.append(number)

        def send(self, number, text, reference):
            return sms.Receipt("1", 1, 7)

    outbox.stop(Channel.SMS, "+33612345678", outbox.ALL)
    post(1)
    post(2, to="+33698765432", priority=Priority.ACCOUNT)
    post(3, priority=Priority.ACCOUNT)
    with texting.session(Gateway()) as send:
        for row in rows()[1:]:
            send(row)
    assert asked == ["+33612345678"]


# STOP -------------------------------------------------------------------------------------------------------------


def receive(client, secret="s" * 24, **body):
    return client.post(f"/sms/recus/{secret}", data=body)


@pytest.mark.parametrize("text", ["STOP", "stop", " Stop. ", "STOP 36180", "stop sms", "« STOP »"])
def test_a_text_that_says_stop_is_honoured(app, client, monkeypatch, text):
    monkeypatch.setitem(app.config, "SMS_INBOUND_SECRET", "s" * 24)
    assert receive(client, **{"from": "0612345678", "text": text}).status_code == 200
    assert outbox.is_stopped(Channel.SMS, "+33612345678", "reminder")


def test_a_text_that_says_something_else_stops_nothing(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_INBOUND_SECRET", "s" * 24)
    assert receive(client, **{"from": "0612345678", "text": "Je ne peux pas stopper"}).status_code == 200
    assert receive(client, **{"from": "inconnu", "text": "STOP"}).status_code == 200
    assert not outbox.is_stopped(Channel.SMS, "+33612345678", "reminder")


def test_only_the_gateway_that_knows_the_secret_is_heard(app, client, monkeypatch):
    assert receive(client, **{"from": "0612345678", "text": "STOP"}).status_code == 404
    monkeypatch.setitem(app.config, "SMS_INBOUND_SECRET", "s" * 24)
    assert receive(client, "x" * 24, **{"from": "0612345678", "text": "STOP"}).status_code == 404
    assert not outbox.is_stopped(Channel.SMS, "+33612345678", "reminder")


def test_who_stopped_and_comes_back_gets_texts_again(app, client, gateway, noon, monkeypatch):
    monkeypatch.setitem(app.config, "SMS_INBOUND_SECRET", "s" * 24)
    receive(client, **{"from": "33612345678", "text": "STOP"})
    post(1)
    sending.send_texts()
    assert gateway.taken == [] and "ne veut plus" in rows()[0].error
    outbox.resume(Channel.SMS, "+33612345678", outbox.ALL)
    post(2)
    sending.send_texts()
    assert [sent["reference"] for sent in gateway.taken] == ["sms:2"]


def test_numbers_that_the_gateway_blocks_are_stopped_here_too(app, monkeypatch):
    class Gateway:
        def stopped(self):
            return ["+33612345678", "+33612345679"]

    monkeypatch.setattr(stops.sms, "make_gateway", lambda config: Gateway())
    stops.fetch_stops()
    stops.fetch_stops()
    assert outbox.is_stopped(Channel.SMS, "+33612345679", "reminder")


# The migration of their cost --------------------------------------------------------------------------------------


def test_the_costs_noted_so_far_are_kept_when_the_column_changes_and_changes_back(own_app):
    names = "id, key, channel, kind, priority, recipient, name, subject, state, attempts, next_attempt_at, sent_at,"
    names += " is_in_flight, is_maybe_double, segments, cost_cents, error, created_at"
    due, gone = "2026-11-01 10:00:00", "2026-11-02 11:00:00"

    def insert(number, channel, state, sent_at, cost):
        values = f"{number}, '{number}', '{channel}', 'alert', 2, 'a', '', '', '{state}', 1, '{due}', {sent_at},"
        row = f"{values} false, false, 1, {cost}, '', '{due}'"
        db.session.execute(sa.text(f"INSERT INTO deliveries ({names}) VALUES ({row})"))  # noqa: S608 - our own words

    with own_app.app_context():
        upgrade(revision="0002")
        insert(1, "sms", "sent", f"'{gone}'", 7)
        insert(2, "sms", "to_check", "NULL", 7)
        insert(3, "mail", "sent", f"'{gone}'", 0)
        db.session.commit()
        upgrade()
        assert [row.cost_cents for row in rows()] == [7, 7, 0]
        assert [row.charged_at and row.charged_at.isoformat()[:10] for row in rows()] == [gone[:10], due[:10], None]
        db.session.execute(sa.update(Delivery).where(Delivery.id == 1).values(cost_cents=6.5))
        db.session.commit()
        assert rows()[0].cost_cents == 6.5
        db.session.remove()
        downgrade(revision="0002")
        costs = db.session.scalars(sa.text("SELECT cost_cents FROM deliveries ORDER BY id")).all()
        assert costs in ([7, 7, 0], [6, 7, 0]) and {type(cost) for cost in costs} == {int}
