"""The outbox against a real SMTP server: everything arrives, once, in its order, and every refusal is told."""

import base64
import email
import email.policy
import re
import smtplib
import socket
import ssl
import time
from datetime import timedelta
from email.header import decode_header, make_header

import pytest
import time_machine
from aiosmtpd.controller import Controller
from sqlalchemy import select, update

from app.extensions import db
from app.jobs import sending
from app.labels import Channel, DeliveryState, Priority
from app.models import Address, Delivery
from app.models.types import utcnow
from app.notifications import mail, outbox
from app.notifications.message import Message, stop_address
from tests.factories import make_country


class Box:
    """An SMTP server on loopback that keeps what it takes, and misbehaves on demand."""

    def __init__(self):
        self.mails, self.refusals, self.before_reply = [], {}, None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails.append(
            (envelope.rcpt_tos[0], email.message_from_bytes(envelope.content, policy=email.policy.default))
        )
        if self.before_reply:
            self.before_reply(server)
        return "250 OK"

    @property
    def recipients(self):
        return [recipient for recipient, _ in self.mails]


@pytest.fixture
def box(app, monkeypatch):
    box = Box()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    use_server(app, monkeypatch, port)
    yield box
    controller.stop()


def use_server(app, monkeypatch, port):
    monkeypatch.setitem(app.config, "MAIL_SERVER", "127.0.0.1")
    monkeypatch.setitem(app.config, "MAIL_TIMEOUT", 1)
    state = app.extensions["mail"]
    for name, value in (("server", "127.0.0.1"), ("port", port), ("use_tls", False), ("use_ssl", False)):
        monkeypatch.setattr(state, name, value)


def post(number=1, **columns):
    message = Message(
        subject=f"Réunion n°{number}",
        paragraphs=("Le conseil se réunit jeudi à 18 h.", "Venez nombreux."),
        link=("Voir l’événement", "http://127.0.0.1:8000/agenda"),
        why="vous suivez ce conseil",
    )
    given = {"to": f"membre{number}@ex.fr", "key": f"reunion:{number}", "kind": "alert", "priority": Priority.ALERT}
    posted = outbox.post(message, **given | columns)
    db.session.commit()
    return posted


def rows():
    db.session.expire_all()
    return db.session.scalars(select(Delivery).order_by(Delivery.id)).all()


def states():
    return [row.state for row in rows()]


def wait_until_due():
    db.session.execute(update(Delivery).values(next_attempt_at=utcnow()))
    db.session.commit()


def test_a_message_leaves_once_and_only_when_its_transaction_is_committed(app, box):
    outbox.post(Message("A", ("b",)), to="a@ex.fr", key="k", kind="alert", priority=Priority.ALERT)
    db.session.rollback()
    sending.send_mails()
    assert box.mails == []
    assert post() is True
    assert post() is False  # the same key: the same message
    sending.send_mails()
    sending.send_mails()
    assert box.recipients == ["membre1@ex.fr"]
    assert states() == [DeliveryState.SENT]


def test_a_mail_is_well_made_in_text_and_html(app, box):
    post(name="Alice\r\nBcc: x@ex.fr", to="alice@ex.fr")
    sending.send_mails()
    mail = box.mails[0][1]
    assert mail.get_content_type() == "multipart/alternative"
    assert mail["Subject"] == "Réunion n°1"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Bcc"] is None and "alice@ex.fr" in mail["To"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    for part in (text, html):
        assert "Venez nombreux." in part and "http://127.0.0.1:8000/agenda" in part
        assert "Vous recevez ce message parce que vous suivez ce conseil" in part
        assert "/desabonnement/" in part
    assert "<img" not in html and '<html lang="fr">' in html


def test_a_long_paragraph_and_long_names_make_no_line_longer_than_a_mail_may_have(app, box):
    text, name = "Un long paragraphe, très long. " * 100, "Jérôme de la Très-Grande-Motte " * 6
    message = Message("Réunion " * 20, (text,), link=("Voir", "http://127.0.0.1:8000/" + "x" * 300))
    outbox.post(message, to="a@ex.fr", key="k", kind="alert", priority=Priority.ALERT, name=name)
    db.session.commit()
    raw = mail.make(rows()[0]).as_bytes()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998 and raw.count(b"\n") == raw.count(b"\r\n")
    sending.send_mails()
    got = box.mails[0][1]
    to = str(make_header(decode_header(email.message_from_bytes(raw)["To"])))
    assert to == f"{name.strip()} <a@ex.fr>" and "\n" not in got["Subject"]
    for kind in ("plain", "html"):
        assert text.strip() in got.get_body((kind,)).get_content()


def test_an_account_mail_has_nothing_to_unsubscribe_from_but_says_why_it_came_and_where_to_choose(app, box):
    post(kind="account", priority=Priority.ACCOUNT)
    sending.send_mails()
    mail = box.mails[0][1]
    assert mail["List-Unsubscribe"] is None
    for part in (mail.get_body((kind,)).get_content() for kind in ("plain", "html")):
        assert "/desabonnement/" not in part and "désabonner" not in part
        assert "Vous recevez ce message parce que vous suivez ce conseil" in part
        assert "http://127.0.0.1:8000/donnees-personnelles" in part


@pytest.mark.parametrize(
    ("subject", "cut"),
    [
        ("Réunion jeudi", "Réunion jeudi"),
        ("x" * 78, "x" * 78),
        ("x" * 79, "x" * 77 + "…"),
        ("https://ex.fr/" + "a" * 100, "https://ex.fr/" + "a" * 63 + "…"),
        ("Un mot " + "é" * 100, "Un mot " + "é" * 70 + "…"),
        ("mot " * 30, "mot " * 18 + "mot…"),
        ("x" * 77 + " suite", "x" * 77 + "…"),
    ],
)
def test_a_subject_that_is_too_long_is_cut_at_a_word_or_within_one_that_is_too_long(subject, cut):
    assert Message(subject, ()).to_json()["subject"] == cut
    assert len(cut) <= 78


REFUSED = ConnectionRefusedError(111, "Connection refused")
UNKNOWN = socket.gaierror(-2, "Name or service not known")
NO_LOGIN = smtplib.SMTPAuthenticationError(535, b"5.7.8 Error: authentication failed")
BAD_CERTIFICATE = ssl.SSLCertVerificationError()
BAD_CERTIFICATE.verify_message = "certificate has expired"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (REFUSED, "le serveur refuse la connexion, voir MAIL_SERVER et MAIL_PORT ([Errno 111] Connection refused)"),
        (UNKNOWN, "nom de serveur inconnu, voir MAIL_SERVER ([Errno -2] Name or service not known)"),
        (TimeoutError("timed out"), "pas de réponse à temps (timed out)"),
        (NO_LOGIN, "identifiant ou mot de passe refusé, voir MAIL_USERNAME et MAIL_PASSWORD (535 5.7.8 Error: "
                   "authentication failed)"),
        (BAD_CERTIFICATE, "le certificat du serveur n’est pas valable (certificate has expired)"),
        (smtplib.SMTPServerDisconnected("x" * 500), f"le serveur a coupé la ligne ({'x' * 120})"),
        (smtplib.SMTPDataError(552, b"5.3.4 too\r\nbig"), "552 5.3.4 too big"),
        (OSError(113, "No route to host"), "la connexion a échoué ([Errno 113] No route to host)"),
    ],
)  # fmt: skip
def test_the_animator_reads_in_french_why_mails_do_not_leave(error, words):
    assert mail.describe(error) == words


def test_a_slow_server_makes_no_job_overrun_its_time(app, box, monkeypatch):
    for number in range(4):
        post(number)
    monkeypatch.setattr(sending, "BUDGET", 0.5)
    box.before_reply = lambda server: time.sleep(0.3)
    sending.send_mails()
    assert len(box.mails) == 2
    assert states() == [DeliveryState.SENT] * 2 + [DeliveryState.WAITING] * 2
    assert [row.attempts for row in rows()] == [1, 1, 0, 0]  # what was not tried does not count


@pytest.mark.parametrize("sign", ["\r\nX-Injected: 1", "\nBcc: x@ex.fr", "\0", "\u2028X: 1", "é" * 300])
def test_no_header_can_be_injected_through_a_subject_or_a_name(app, box, sign):
    message = Message(subject="Bonjour" + sign, paragraphs=("texte",))
    outbox.post(message, to="a@ex.fr", key="k", kind="alert", priority=Priority.ALERT, name="A" + sign[:150])
    db.session.commit()
    sending.send_mails()
    mail = box.mails[0][1]
    assert mail["X-Injected"] is None and mail["Bcc"] is None
    assert len(mail["Subject"]) <= 78


def test_the_most_urgent_leave_first(app, box):
    for number, priority in enumerate((Priority.LETTER, Priority.ALERT, Priority.ACCOUNT, Priority.REMINDER)):
        post(number, priority=priority)
    sending.send_mails()
    assert box.recipients == ["membre2@ex.fr", "membre3@ex.fr", "membre1@ex.fr", "membre0@ex.fr"]


def test_a_refusal_of_one_address_does_not_hurt_the_others(app, box):
    box.refusals["membre2@ex.fr"] = "550 5.1.1 inconnu"
    for number in range(1, 5):
        post(number)
    sending.send_mails()
    assert box.recipients == ["membre1@ex.fr", "membre3@ex.fr", "membre4@ex.fr"]
    assert states() == [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SENT, DeliveryState.SENT]
    assert "550 5.1.1 inconnu" in rows()[1].error


def test_an_address_is_switched_off_after_three_refusals_for_good(app, box):
    box.refusals["mort@ex.fr"] = "550 5.1.1 inconnu"
    for number in range(4):
        post(number, to="mort@ex.fr")
        sending.send_mails()
    address = db.session.scalar(select(Address))
    assert (address.refusals, address.off_since is None, address.reason) == (3, False, "550 5.1.1 inconnu")
    assert "coupée" in rows()[3].error


def test_grey_listing_is_waited_out_with_growing_delays(app, box):
    box.refusals["membre1@ex.fr"] = "451 4.7.1 plus tard"
    post()
    waits = []
    for _ in range(4):
        before = utcnow()
        sending.send_mails()
        waits.append(rows()[0].next_attempt_at - before)
        wait_until_due()
    assert states() == [DeliveryState.WAITING]
    assert waits[0] > timedelta(seconds=40)
    assert waits == sorted(waits)
    box.refusals.clear()
    sending.send_mails()
    assert box.recipients == ["membre1@ex.fr"]


def test_a_server_that_is_down_for_hours_loses_nothing_and_keeps_the_order(app, box, monkeypatch):
    port = app.extensions["mail"].port
    for number, priority in enumerate((Priority.LETTER, Priority.ACCOUNT, Priority.ALERT)):
        post(number, priority=priority)
    use_server(app, monkeypatch, 1)  # nobody listens there
    start = utcnow()
    for hour in range(3):
        with time_machine.travel(start + timedelta(hours=hour), tick=True):
            sending.send_mails()
    assert set(states()) == {DeliveryState.WAITING}
    assert "le serveur refuse la connexion" in rows()[0].error
    use_server(app, monkeypatch, port)
    with time_machine.travel(start + timedelta(hours=12), tick=True):
        sending.send_mails()
    assert box.recipients == ["membre1@ex.fr", "membre2@ex.fr", "membre0@ex.fr"]


def test_a_server_that_takes_the_line_and_says_nothing_holds_nobody_up(app, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_server(app, monkeypatch, silent.getsockname()[1])
        post()
        start = utcnow()
        sending.send_mails()
        assert utcnow() - start < timedelta(seconds=5)
    assert states() == [DeliveryState.WAITING]
    assert rows()[0].error.startswith("Connexion au serveur de courriel impossible : pas de réponse à temps")


def test_after_48_hours_an_attempt_is_the_last(app, monkeypatch):
    use_server(app, monkeypatch, 1)
    post()
    sending.send_mails()
    with time_machine.travel(utcnow() + timedelta(hours=49), tick=True):
        sending.send_mails()
    assert states() == [DeliveryState.FAILED]
    assert "48 heures" in rows()[0].error


def test_a_line_that_breaks_after_the_server_took_the_mail_is_flagged_and_sent_again_the_same(app, box):
    post()
    box.before_reply = lambda server: server.transport.abort()
    sending.send_mails()
    assert rows()[0].is_maybe_double and states() == [DeliveryState.WAITING]
    box.before_reply = None
    wait_until_due()
    sending.send_mails()
    assert states() == [DeliveryState.SENT]
    first, second = (mail["Message-ID"] for _, mail in box.mails)
    assert first == second


def test_a_server_that_ends_the_session_after_some_mails_gets_the_others_in_a_new_one(app, box):
    async def once(server, session, envelope, address, options):
        if len(box.mails) == 2 and not box.refusals:
            box.refusals["told"] = "421"
            return "421 4.7.0 too many mails in one session"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    box.handle_RCPT = once
    for number in range(6):
        post(number)
    sending.send_mails()
    assert box.recipients == [f"membre{number}@ex.fr" for number in (0, 1, 3, 4, 5)]
    assert not any(row.is_maybe_double for row in rows())


def test_a_message_that_cannot_be_made_waits_and_the_others_leave(app, box):
    post(1, to="josé@ex.fr")
    post(2)
    sending.send_mails()
    assert states() == [DeliveryState.WAITING, DeliveryState.WAITING]
    assert "Erreur du site" in rows()[0].error and not rows()[0].is_maybe_double
    sending.send_mails()
    assert box.recipients == ["membre2@ex.fr"]


def test_the_48_hours_count_from_the_first_attempt(app, monkeypatch):
    use_server(app, monkeypatch, 1)
    post(next_attempt_at=utcnow() + timedelta(days=3))
    with time_machine.travel(utcnow() + timedelta(days=3, minutes=1), tick=True):
        sending.send_mails()
        assert states() == [DeliveryState.WAITING]


def test_a_message_that_cannot_be_made_holds_up_no_other(app, box):
    post(1, to="josé@ex.fr")
    post(2)
    for _ in range(3):
        sending.send_mails()
    assert box.recipients == ["membre2@ex.fr"]
    assert not rows()[0].is_maybe_double


def test_a_rule_of_the_server_switches_nobody_off_and_a_success_forgets_refusals(app, box):
    box.refusals["a@ex.fr"] = "554 5.7.1 Relay access denied"
    for number in range(3):
        post(number, to="a@ex.fr")
        sending.send_mails()
    assert outbox.why_off(Channel.MAIL, "a@ex.fr") is None
    box.refusals["a@ex.fr"] = "550 5.1.1 inconnu"
    for number in range(3, 5):
        post(number, to="a@ex.fr")
        sending.send_mails()
    box.refusals.clear()
    post(5, to="A@ex.fr")
    sending.send_mails()
    box.refusals["a@ex.fr"] = "550 5.1.1 inconnu"
    for number in range(6, 9):
        assert outbox.why_off(Channel.MAIL, "a@ex.fr") is None
        post(number, to="a@ex.fr")
        sending.send_mails()
    assert outbox.why_off(Channel.MAIL, "A@ex.fr") == "550 5.1.1 inconnu"


def test_two_people_with_long_names_stay_two(app):
    for end in "ab":
        assert post(key="k" * 150 + end)


def test_a_server_that_comes_back_gets_all_within_minutes_in_their_order(app, box, monkeypatch):
    port = app.extensions["mail"].port
    for number, priority in enumerate((Priority.LETTER, Priority.ACCOUNT, Priority.ALERT)):
        post(number, priority=priority)
    start = utcnow()
    use_server(app, monkeypatch, 1)
    for minute in range(0, 240, 2):
        with time_machine.travel(start + timedelta(minutes=minute)):
            sending.send_mails()
    use_server(app, monkeypatch, port)
    with time_machine.travel(start + timedelta(minutes=242), tick=True):
        sending.send_mails()
    assert box.recipients == ["membre1@ex.fr", "membre2@ex.fr", "membre0@ex.fr"]


def test_a_claim_whose_owner_died_is_taken_up_and_only_what_was_in_flight_is_flagged(app, box):
    for number in range(3):
        post(number)
    claimed = outbox.claim(Channel.MAIL, "dead", 3, timedelta(seconds=5))
    outbox.mark_in_flight(claimed[0].id, "dead", timedelta(seconds=5))
    db.session.commit()
    sending.send_mails()
    assert box.mails == []  # the lease holds
    with time_machine.travel(utcnow() + timedelta(seconds=6), tick=True):
        sending.send_mails()
    assert sorted(box.recipients) == ["membre0@ex.fr", "membre1@ex.fr", "membre2@ex.fr"]
    assert [row.is_maybe_double for row in rows()] == [True, False, False]


def test_a_worker_that_was_asleep_too_long_does_not_settle_what_another_took(app):
    post()
    (claimed,) = outbox.claim(Channel.MAIL, "slow", 1, timedelta(seconds=0))
    db.session.commit()
    outbox.claim(Channel.MAIL, "quick", 1, timedelta(minutes=1))
    assert outbox.mark_in_flight(claimed.id, "slow", timedelta(minutes=1)) is False
    assert outbox.sent(claimed, "slow") is False
    assert rows()[0].owner == "quick"


def test_a_process_that_is_asked_to_stop_gives_back_what_it_has_not_sent(app, box):
    for number in range(3):
        post(number)
    box.before_reply = lambda server: sending.ending.set()
    try:
        sending.send_mails()
    finally:
        sending.ending.clear()
        box.before_reply = None
    assert states() == [DeliveryState.SENT, DeliveryState.WAITING, DeliveryState.WAITING]
    assert [row.attempts for row in rows()] == [1, 0, 0]
    sending.send_mails()
    assert len(box.mails) == 3


def test_a_daily_quota_keeps_room_for_what_is_urgent(app, box, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_DAILY_QUOTA", 10)
    for number in range(20):
        post(number, kind="letter", priority=Priority.LETTER)
    sending.send_mails()
    assert len(box.mails) == 8
    post(50, kind="account", priority=Priority.ACCOUNT)
    sending.send_mails()
    assert box.recipients[-1] == "membre50@ex.fr"
    assert outbox.forecast()[Priority.LETTER] == (12, 2)
    with time_machine.travel(utcnow() + timedelta(days=1), tick=True):
        sending.send_mails()
    assert len(box.mails) == 17


def test_what_comes_too_late_or_is_not_wanted_any_more_does_not_leave(app, box):
    post(1, useful_until=utcnow() - timedelta(minutes=1))
    post(2)
    outbox.stop(Channel.MAIL, "membre2@ex.fr", "alert")
    post(3)
    outbox.stop(Channel.MAIL, "membre3@ex.fr", outbox.ALL)
    post(4, to="membre3@ex.fr", kind="account", priority=Priority.ACCOUNT)
    sending.send_mails()
    assert box.recipients == ["membre3@ex.fr"]
    assert "trop tard" in rows()[0].error and "ne veut plus" in rows()[1].error


def test_without_a_server_mails_stay_in_the_demo_box(cast, client_as):
    client = client_as(cast.animator)
    post(kind="signup")
    sending.send_mails()
    assert rows()[0].provider_id == sending.DEMO_BOX
    page = client.get("/animation/courrier").text
    assert "Réunion n°1" in page and "envoyé" in page
    shown = client.get(f"/animation/courrier/{rows()[0].id}").text
    assert "Venez nombreux." in shown and "boîte de démonstration" in shown


def test_the_text_of_old_messages_is_forgotten(cast, client_as):
    client = client_as(cast.animator)
    post()
    sending.send_mails()
    with time_machine.travel(utcnow() + timedelta(days=91)):
        assert outbox.purge() == 1
        db.session.commit()
    assert rows()[0].content is None
    assert "Texte effacé" in client.get("/animation/courrier").text


def test_a_message_is_forgotten_whole_after_a_year_and_a_month_unless_it_still_waits(app):
    post()
    sending.send_mails()
    post(2)
    with time_machine.travel(utcnow() + timedelta(days=399)):
        assert outbox.forget() == 0
    with time_machine.travel(utcnow() + timedelta(days=401)):
        assert outbox.forget() == 1
    assert [row.state for row in rows()] == ["waiting"]


# Stopping ---------------------------------------------------------------------------------------------------------


ADDRESS = "membre1@ex.fr"


@pytest.fixture
def stop_path(app):
    """Where the reader of an alert at `ADDRESS` stops such messages."""
    post()
    return stop_address(rows()[0]).removeprefix("http://127.0.0.1:8000")


def choose(client, path, choice):
    token = client.get(path).text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    return client.post(path, data={"csrf_token": token, "choice": choice}, follow_redirects=True)


def offered(page):
    return re.findall(r'type="radio" value="([^"]+)"', page.text)


def test_the_button_of_a_mail_program_stops_at_once(client, stop_path):
    answer = client.post(stop_path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    assert outbox.stops(Channel.MAIL, ADDRESS) == {"alert"}


def test_a_mail_bears_the_same_link_that_its_readers_program_uses(app, box, client):
    post()
    sending.send_mails()
    address = box.mails[0][1]["List-Unsubscribe"].strip(" <>")
    assert address in box.mails[0][1].get_body(("plain",)).get_content()
    assert client.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert outbox.stops(Channel.MAIL, ADDRESS) == {"alert"}


def test_a_scanner_that_follows_the_link_stops_nothing(client, stop_path):
    assert "Enregistrer mon choix" in client.get(stop_path).text
    assert outbox.stops(Channel.MAIL, ADDRESS) == set()


def test_neither_the_link_nor_its_page_tells_the_address_to_whom_the_mail_was_forwarded(client, stop_path):
    token = stop_path.rpartition("/")[2]
    for part in token.split("."):
        assert b"membre1" not in base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    page = client.get(stop_path).text
    assert "m…@ex.fr" in page and "membre1" not in page


def test_a_link_works_after_the_text_of_its_message_is_forgotten(client, stop_path):
    sending.send_mails()
    with time_machine.travel(utcnow() + timedelta(days=91)):
        outbox.purge()
        db.session.commit()
    assert client.post(stop_path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert outbox.stops(Channel.MAIL, ADDRESS) == {"alert"}


def test_a_person_stops_one_kind_and_wants_it_again(client, stop_path):
    assert offered(client.get(stop_path)) == ["stop", "stop-all"]
    page = choose(client, stop_path, "stop")
    assert "Votre choix est enregistré" in page.text and "Vous ne recevez plus ces messages." in page.text
    assert offered(page) == ["resume", "stop-all"]
    outbox.stop(Channel.MAIL, ADDRESS, "letter")
    choose(client, stop_path, "resume")
    assert outbox.stops(Channel.MAIL, ADDRESS) == {"letter"}


def test_a_stop_of_all_says_so_and_only_all_lifts_it(client, stop_path):
    choose(client, stop_path, "stop")
    page = choose(client, stop_path, "stop-all")
    assert "Vous ne recevez plus aucun message du site" in page.text
    assert offered(page) == ["resume-all"] and "Recevoir de nouveau tous les messages du site" in page.text
    page = choose(client, stop_path, "resume")  # a page that was left open
    assert outbox.stops(Channel.MAIL, ADDRESS) == {outbox.ALL}
    assert "Vous ne recevez plus aucun message du site" in page.text
    outbox.stop(Channel.MAIL, ADDRESS, "letter")
    choose(client, stop_path, "resume-all")
    assert outbox.stops(Channel.MAIL, ADDRESS) == set()


def test_a_choice_sent_twice_is_the_same_and_none_is_asked_for_again(client, stop_path):
    for _ in range(2):
        assert "Votre choix est enregistré" in choose(client, stop_path, "stop").text
    assert outbox.stops(Channel.MAIL, ADDRESS) == {"alert"}
    page = choose(client, stop_path, "")
    assert page.status_code == 422 and "Choisissez une des réponses." in page.text
    assert offered(page) == ["resume", "stop-all"]


def test_a_token_that_was_not_made_here_or_whose_message_is_gone_is_a_404(client, stop_path):
    make_country()
    db.session.delete(rows()[0])
    db.session.commit()
    for path in ("/desabonnement/abc.def", "/desabonnement/x", stop_path):
        assert client.get(path).status_code == 404
        assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 404
