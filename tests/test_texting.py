"""SMS from the outbox to a real HTTP gateway on loopback: by day, within the caps, never twice."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.jobs import sending, stops
from app.labels import Channel, DeliveryState, Priority
from app.models import Delivery
from app.notifications import outbox
from app.notifications.message import Message
from tests.factories import make_country

NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)  # in Paris; the evening before in Tahiti


@pytest.fixture
def gateway(app, monkeypatch):
    """A gateway that keeps what it takes; `mode` makes it misbehave."""
    taken = []

    class Gateway(BaseHTTPRequestHandler):
        mode = "ok"

        def log_message(self, *words):
            """Keep quiet."""

        def do_POST(self):  # noqa: N802 - the name that the library calls
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.mode == "busy":
                self.send_response(503)
                self.end_headers()
                return
            taken.append(body)
            if self.mode == "lost":
                self.connection.close()
                return
            answer = json.dumps({"id": f"sms-{len(taken)}"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in {
        "SMS_GATEWAY": "http", "SMS_HTTP_METHOD": "POST", "SMS_HTTP_ID_PATH": "id", "SMS_TIMEOUT": 2,
        "SMS_HTTP_URL": f"http://127.0.0.1:{server.server_port}/send",
        "SMS_HTTP_HEADERS": {"Content-Type": "application/json"},
        "SMS_HTTP_BODY": '{"to": "{number}", "text": "{text}", "reference": "{reference}"}',
    }.items():  # fmt: skip
        monkeypatch.setitem(app.config, name, value)
    Gateway.taken = taken
    yield Gateway
    server.shutdown()
    server.server_close()


def post(number=1, to="+33612345678", priority=Priority.REMINDER, **columns):
    message = Message("Rappel", ("…",), short="Réunion à 18 h « salle 3 » : être à l’heure, ça aide.")
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


def test_the_monthly_caps_hold_back_what_is_over_them(app, gateway, noon, monkeypatch):
    council = make_country().croix.id
    monkeypatch.setitem(app.config, "SMS_MONTHLY_CAP", 4)
    monkeypatch.setitem(app.config, "SMS_COUNCIL_MONTHLY_CAP", 2)
    for number in range(3):
        post(number, council_id=council)
    for number in range(3, 6):
        post(number)
    sending.send_texts()
    assert len(gateway.taken) == 4
    held = [row for row in rows() if row.state == DeliveryState.WAITING]
    assert {row.next_attempt_at for row in held} == {datetime(2026, 12, 1, tzinfo=UTC)}
    assert "plafond" in held[0].error


def test_who_said_stop_gets_no_more_texts(app, gateway, noon):
    outbox.stop(Channel.SMS, "+33612345678", outbox.ALL)
    post()
    sending.send_texts()
    assert gateway.taken == []


# STOP -------------------------------------------------------------------------------------------------------------


def receive(client, secret="s" * 24, **body):
    return client.post(f"/sms/recus/{secret}", data=body)


@pytest.mark.parametrize("text", ["STOP", "stop", " Stop. ", "STOP 36180"])
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


def test_numbers_that_the_gateway_blocks_are_stopped_here_too(app, monkeypatch):
    class Gateway:
        def stopped(self):
            return ["+33612345678", "+33612345679"]

    monkeypatch.setattr(stops.sms, "make_gateway", lambda config: Gateway())
    stops.fetch_stops()
    stops.fetch_stops()
    assert outbox.is_stopped(Channel.SMS, "+33612345679", "reminder")
