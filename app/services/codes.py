"""Codes of six digits that are sent by SMS, to prove that a number is that of the person who types them."""

import hmac
import secrets
from datetime import timedelta
from enum import StrEnum

from flask import current_app

from app.labels import Channel, Priority
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.message import Message

VALID = timedelta(minutes=10)
TRIES = 5


class Outcome(StrEnum):
    """What a code that was typed turns out to be."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"  # too old, or tried too often: a new one must be asked for


def send(owner, phone: str, *, key: str, name: str, **columns) -> dict:
    """Post a new code to a number (E.164); return what is kept of it: its digest and when it expires.

    `owner`: what tells apart those who may prove the same number. `columns` are of `Delivery`.
    """
    code, expiry = f"{secrets.randbelow(10**6):06}", utcnow() + VALID
    text = f"{code} : votre code pour {current_app.config['SITE_NAME']}, valable 10 minutes."
    outbox.post(
        Message("Code de confirmation", (text,), short=text), to=phone, name=name,
        key=f"{key}:{secrets.token_hex(8)}", kind="code", priority=Priority.ACCOUNT, channel=Channel.SMS,
        useful_until=expiry, **columns,
    )  # fmt: skip
    return {"digest": _digest(owner, phone, code), "expires_at": expiry}


def is_right(digest: str, owner, phone: str, typed: str) -> bool:
    """Tell whether what was typed is the code of this digest."""
    return hmac.compare_digest(digest, _digest(owner, phone, typed))


def _digest(owner, phone, code):
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, f"{owner}\0{phone}\0{code}".encode(), "sha256").hexdigest()
