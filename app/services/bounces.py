"""Mails that come back: what the servers of the recipients report once ours has taken a mail (RFC 3464)."""

import email
import re
from email.message import Message
from typing import NamedTuple

from sqlalchemy import select, update

from app.extensions import db
from app.labels import Channel, DeliveryState
from app.models import Delivery
from app.notifications import outbox
from app.notifications.mail import message_id
from app.text import one_line

BIGGEST = 2_000_000  # bytes that are read of a report: it begins with what counts
MOST = 100  # mails of one address among which the returned one is looked for, the newest first
CAME_BACK = "Revenu après l’envoi : "
TURNED_DOWN = "Refusé après l’envoi : "  # for a reason that is not the address's fault


class NoReport(ValueError):
    """This mail reports nothing that the site can use; the message says why, in French."""


class Report(NamedTuple):
    """What a server says of one mail: its Message-ID, the addresses it may have been sent to, why it came back, and
    whether the address is to blame."""

    message_id: str
    addresses: list[str]
    reason: str
    blames_recipient: bool


def read(raw: bytes) -> list[Report]:
    """Return what a mail reports as refused for good. Raises `NoReport`."""
    try:
        return _read(raw)
    except RecursionError:
        raise NoReport("il est fait de trop de parties, les unes dans les autres") from None


def _read(raw):
    whole = email.message_from_bytes(raw[:BIGGEST])
    kind = str(whole.get_param("report-type", "")).lower()
    if whole.get_content_type() != "multipart/report" or kind != "delivery-status":
        raise NoReport("ce n’est pas l’avis d’un serveur (multipart/report, delivery-status)")
    parts = list(whole.walk())
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    returned = _returned(parts)
    if status is None or not status.is_multipart() or not returned:
        raise NoReport("cet avis est incomplet : il ne dit pas de quel courriel il parle")
    reports = [_report(group, returned) for group in status.get_payload() if _is_final(group)]
    if not reports:
        raise NoReport("rien n’est refusé pour de bon")
    return reports


def _returned(parts: list[Message]) -> str:
    """Return the Message-ID of the mail that came back, whole or with its headers alone."""
    for part in parts:
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) else email.message_from_bytes(part.get_payload(decode=True))
            return _text(inner, "Message-ID")
    return ""


def _text(part, name):
    return one_line(str(part.get(name, "")))


def _status(group):
    found = re.match(r"([245])\.[0-9]{1,3}\.[0-9]{1,3}", _text(group, "Status"))
    return found[0] if found else ""


def _is_final(group):
    return _text(group, "Action").lower() == "failed" and _status(group).startswith("5")


def _report(group, returned):
    status, said = _status(group), _typed(group, "Diagnostic-Code")
    places = filter(None, (_typed(group, name) for name in ("Original-Recipient", "Final-Recipient")))
    # As `mail` judges a refusal on the spot: 5.7.x (RFC 3463) is a rule of the server or a fault of our settings.
    return Report(returned, [place.strip("<>").lower() for place in places], f"{status} {said}"[:300].strip(),
                  not status.startswith("5.7."))  # fmt: skip


def _typed(group, name):
    """Return what follows the type in a field like « rfc822; louise@exemple.fr »."""
    return _text(group, name).partition(";")[2].strip()


def note(report: Report) -> bool:
    """Note that a mail came back, and count it against its address; False: the site has sent no such mail, or the
    report was read already. After `outbox.REFUSALS` in a row the address is switched off."""
    here = (Delivery.channel == Channel.MAIL, Delivery.recipient.in_(report.addresses))
    there = select(Delivery).where(*here, Delivery.sent_at.is_not(None)).order_by(Delivery.id.desc()).limit(MOST)
    known = (row for row in db.session.scalars(there) if message_id(row.key) == report.message_id)
    delivery = next(known, None)
    if delivery is None:
        return False
    error = f"{CAME_BACK if report.blames_recipient else TURNED_DOWN}{report.reason}"
    changed = update(Delivery).where(Delivery.id == delivery.id, Delivery.state == DeliveryState.SENT)
    changed = changed.values(state=DeliveryState.FAILED, error=error).execution_options(synchronize_session=False)
    if db.session.execute(changed).rowcount != 1:
        return False
    if report.blames_recipient:
        outbox.blame(delivery.channel, delivery.recipient, error, least=_in_a_row(delivery))
    return True


def _in_a_row(delivery):
    """Return how many mails to an address came back with none in between that did not. Each was taken by our server
    first, which made the outbox forget the refusals before."""
    sent = select(Delivery.error).where(
        Delivery.channel == delivery.channel, Delivery.recipient == delivery.recipient, Delivery.sent_at.is_not(None)
    )
    before = sent.where(Delivery.id < delivery.id).order_by(Delivery.id.desc())
    after = sent.where(Delivery.id > delivery.id).order_by(Delivery.id)
    return 1 + sum(map(_first_back, (before, after)))


def _first_back(query):
    errors = db.session.scalars(query.limit(outbox.REFUSALS)).all()
    return next((number for number, error in enumerate(errors) if not error.startswith(CAME_BACK)), len(errors))
