"""Mails that come back later, as the servers that refused them say so."""

from email import message_from_bytes

import pytest
from sqlalchemy import select

from app.extensions import db
from app.jobs import mailing as job
from app.labels import DeliveryState, Priority
from app.models import Address, Delivery
from app.notifications import mail, outbox
from app.notifications.message import Message
from app.services import bounces, mailing
from tests.test_mailing import leave, make_issue, send
from tests.test_outbox import box, rows  # noqa: F401 - a fixture

POSTFIX = """\
Return-Path: <>
Received: by mx.essai.example (Postfix) id 4XyZ1; Thu, 5 Nov 2026 10:00:03 +0100 (CET)
Date: Thu, 5 Nov 2026 10:00:03 +0100 (CET)
From: MAILER-DAEMON@mx.essai.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: lettre@essai.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4XyZ1.1762333203/mx.essai.example"

This is a MIME-encapsulated message.

--4XyZ1.1762333203/mx.essai.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--4XyZ1.1762333203/mx.essai.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.essai.example
X-Postfix-Queue-ID: 4XyZ1
Arrival-Date: Thu, 5 Nov 2026 10:00:01 +0100 (CET)

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.ex.fr
Diagnostic-Code: smtp; 550 5.1.1 <{address}>: Recipient address rejected;
    User unknown in virtual mailbox table

--4XyZ1.1762333203/mx.essai.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

Received: from localhost (localhost [127.0.0.1]) by mx.essai.example (Postfix)
Subject: La lettre des conseils citoyens
From: Essai <lettre@essai.example>
To: {address}
Message-ID: {message_id}

Bonne lecture.

--4XyZ1.1762333203/mx.essai.example--
"""

EXIM = """\
Return-path: <>
Received: from Debian-exim by mail.ex.fr with local (Exim 4.97)\tid 1tAbCd-000001-2X
X-Failed-Recipients: {address}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mail.ex.fr>
To: lettre@essai.example
References: {message_id}
Content-Type: multipart/report; report-type=delivery-status; boundary=1762333203-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1tAbCd-000001-2X@mail.ex.fr>

--1762333203-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

--1762333203-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mail.ex.fr

Action: {action}
Final-Recipient: rfc822;{address}
Status: {status}

--1762333203-eximdsn-1804289383
Content-type: text/rfc822-headers

Return-path: <lettre@essai.example>
Received: from essai.example ([192.0.2.1]) by mail.ex.fr with esmtps
Message-ID:
 {message_id}
Subject: La lettre des conseils citoyens

--1762333203-eximdsn-1804289383--
"""

OUTLOOK = """\
From: <postmaster@outlook.com>
To: <lettre@essai.example>
Date: Thu, 5 Nov 2026 09:00:04 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="9b8c7d6e-0001-4e4b-a0f1-0c5f4d3c2b1a"
X-MS-Exchange-Message-Is-Ndr: 1
Content-Language: fr-FR
Message-ID: <9b8c7d6e@VI1EUR04FT010.mail.protection.outlook.com>
In-Reply-To: {message_id}
Subject: =?utf-8?B?Tm9uIHJlbWlz?=
Auto-Submitted: auto-replied

--9b8c7d6e-0001-4e4b-a0f1-0c5f4d3c2b1a
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="aaaa-bbbb"

--aaaa-bbbb
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

Vm90cmUgbWVzc2FnZSBu4oCZYSBwYXMgcHUgw6p0cmUgcmVtaXMu

--aaaa-bbbb--

--9b8c7d6e-0001-4e4b-a0f1-0c5f4d3c2b1a
Content-Type: message/delivery-status

Reporting-MTA: dns;VI1EUR04FT010.mail.protection.outlook.com
Received-From-MTA: dns;essai.example
Arrival-Date: Thu, 5 Nov 2026 09:00:03 +0000

Original-Recipient: rfc822;{address}
Final-Recipient: rfc822;Nouvelle.Adresse@outlook.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp;550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).
X-Display-Name: Louise

--9b8c7d6e-0001-4e4b-a0f1-0c5f4d3c2b1a
Content-Type: message/rfc822

Received: from essai.example (192.0.2.1) by VI1EUR04FT010.mail.protection.outlook.com
Subject: La lettre des conseils citoyens
Message-ID: {message_id}
To: <{address}>

--9b8c7d6e-0001-4e4b-a0f1-0c5f4d3c2b1a--
"""

SERVERS = {"Postfix": POSTFIX, "Exim": EXIM, "Outlook": OUTLOOK}


def report(delivery, server="Postfix", **others):
    """What a server writes of a delivery, in bytes; `others`: what it says else."""
    known = {"address": delivery.recipient, "message_id": mail.message_id(delivery.key)}
    known |= {"action": "failed", "status": "5.1.1"}
    return SERVERS[server].format(**known | others).replace("\n", "\r\n").encode()


def come_back(raw):
    """Read a report; tell whether it counted."""
    noted = [bounces.note(one) for one in bounces.read(raw)]
    db.session.commit()
    return any(noted)


def post(number, address="louise@ex.fr"):
    """Send a mail; the server takes it."""
    outbox.post(Message("Bonjour", ("Oui.",)), to=address, key=f"m{number}", kind="reminder",
                priority=Priority.REMINDER)  # fmt: skip
    db.session.commit()
    send()
    delivery = db.session.scalar(select(Delivery).filter_by(key=f"m{number}"))
    db.session.expunge(delivery)
    return delivery


def now(delivery):
    return db.session.get(Delivery, delivery.id, populate_existing=True)


def refusals(address="louise@ex.fr"):
    db.session.expire_all()
    row = db.session.scalar(select(Address).filter_by(address=address))
    return (row.refusals, row.off_since is not None) if row else (0, False)


@pytest.mark.parametrize("server", SERVERS)
def test_a_mail_that_comes_back_has_failed_and_counts_once_against_its_address(cast, box, server):  # noqa: F811
    delivery = post(1)
    assert mail.message_id(delivery.key) == box.mails[0][1]["Message-ID"] and delivery.state == DeliveryState.SENT
    raw = report(delivery, server)
    assert message_from_bytes(raw).get_content_type() == "multipart/report"
    assert come_back(raw) and not come_back(raw)
    delivery = now(delivery)
    assert delivery.state == DeliveryState.FAILED and delivery.error.startswith("Revenu après l’envoi : 5.1.1")
    assert refusals() == (1, False)


def test_three_that_come_back_in_a_row_switch_the_address_off_though_our_server_took_each(cast, box):  # noqa: F811
    for number in range(1, 4):
        assert come_back(report(post(number)))
        assert refusals() == (number, number == 3)
    send()
    assert outbox.why_off("mail", "louise@ex.fr").startswith("Revenu après l’envoi : 5.1.1 550 5.1.1")


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (3, 1, 2)])
def test_reports_that_come_late_and_in_any_order_count_all_the_same(cast, box, order):  # noqa: F811
    sent = {number: post(number) for number in (1, 2, 3)}
    for number in order:
        come_back(report(sent[number]))
    assert refusals() == (3, True)


def test_what_arrives_in_between_ends_the_row(cast, box):  # noqa: F811
    sent = [post(number) for number in range(5)]
    for number in (0, 1, 3, 4):
        come_back(report(sent[number]))
        outbox.switch_on("mail", "louise@ex.fr") if number == 1 else None
    assert refusals() == (2, False)


def test_a_rule_of_the_server_is_no_fault_of_the_address(cast, box):  # noqa: F811
    delivery = post(1)
    assert come_back(report(delivery, status="5.7.1")) and refusals() == (0, False)
    delivery = now(delivery)
    assert delivery.state == DeliveryState.FAILED and delivery.error.startswith("Refusé après l’envoi : 5.7.1")


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": "<0123456789abcdef0123456789abcdef@127.0.0.1>"},
        {"address": "paul@ex.fr"},
        {"message_id": ""},
        {"status": "4.4.1"},
        {"status": "2.0.0", "action": "delivered"},
        {"action": "delayed", "status": "4.0.0"},
        {"action": "delivered"},
        {"status": "5"},
    ],
)
def test_a_report_of_a_mail_that_was_not_sent_there_or_not_refused_for_good_changes_nothing(cast, box, changes):  # noqa: F811
    delivery = post(1)
    post(2, "paul@ex.fr")
    for raw in (report(delivery, **changes), report(delivery).replace(b"louise@ex.fr", b"\0\xff")):
        try:
            assert not come_back(raw)
        except bounces.NoReport as reason:
            assert str(reason)
    assert {row.state for row in rows()} == {DeliveryState.SENT} and refusals() == refusals("paul@ex.fr") == (0, False)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\0", b"Bonjour", b"Subject: Absent\r\n\r\nJe suis en vacances.", b"\xff" * 3000,
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=0\r\n\r\n" + b"".join(
            b"--%d\r\nContent-Type: multipart/mixed; boundary=%d\r\n\r\n" % (part, part + 1) for part in range(3000)
        ),
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x\r\n\r\n--x--\r\n",
    ],
)  # fmt: skip
def test_another_mail_is_ignored_with_a_line(app, cast, raw):
    result = app.test_cli_runner().invoke(args=["bounces", "read"], input=raw)
    assert result.exit_code == 0 and "ignoré" in result.stderr and result.stdout == ""


def test_the_command_reads_its_input_files_and_the_folders_of_a_mailbox(app, cast, box, tmp_path):  # noqa: F811
    sent = [post(number, f"p{number}@ex.fr") for number in range(4)]
    (tmp_path / "box/new").mkdir(parents=True)
    (tmp_path / "box/cur").mkdir()
    places = [tmp_path / "box/new/1.mx", tmp_path / "box/cur/2.mx:2,S", tmp_path / "3.eml"]
    for place, delivery in zip(places, sent, strict=False):
        place.write_bytes(report(delivery))
    last, keys = report(sent[3]), [delivery.key for delivery in sent]
    runner = app.test_cli_runner()
    result = runner.invoke(args=["bounces", "read", str(tmp_path / "box"), str(tmp_path / "3.eml")])
    assert result.exit_code == 0 and result.stdout.count("1 courriel revenu") == 3 and result.stderr == ""
    assert "1 courriel revenu" in runner.invoke(args=["bounces", "read"], input=last).stdout
    again = runner.invoke(args=["bounces", "read"], input=last)
    assert "0 courriel revenu" in again.stdout and "déjà lu" in again.stderr
    failed = select(Delivery.key).filter_by(state=DeliveryState.FAILED).order_by(Delivery.key)
    assert db.session.scalars(failed).all() == keys


def test_the_figures_of_a_letter_follow(cast, box):  # noqa: F811
    issue, animator = make_issue(), cast.animator
    leave(issue, animator, readers=3)
    send(issue, animator)
    job.send_letters()
    assert mailing.figures(issue)[:4] == (3, 3, 0, 0)
    come_back(report(rows()[0]))
    job.send_letters()
    db.session.refresh(issue)
    assert mailing.figures(issue)[:4] == (3, 2, 0, 1)
