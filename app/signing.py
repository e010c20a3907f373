"""Links that only the site can have made: a value, for one purpose, signed, and perhaps for a time."""

import base64
import hmac
import re

from flask import current_app
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
MARK = 12  # signs of base 32: 60 bits, too many to try over the network
AROUND = " .,;:()<>«»\"'"  # what a mail program, or whoever copies a link, may take for a part of it


class BadToken(ValueError):
    """This token was not made here, or not for this purpose, or it was cut. `is_expired`: it was right once."""

    def __init__(self, *, is_expired: bool = False):
        super().__init__("expired" if is_expired else "not made here")
        self.is_expired = is_expired


def sign(purpose: str, value) -> str:
    """Return a token that holds `value` (of JSON), readable by whoever has it, for one `purpose`."""
    return _signer(purpose).dumps(value)


def read(purpose: str, token: str, max_age: int | None = None):
    """Return the value of a token made by `sign` at most `max_age` seconds ago. Raises `BadToken`."""
    try:
        return _signer(purpose).loads(token.strip(), max_age=max_age)
    except SignatureExpired:
        raise BadToken(is_expired=True) from None
    except (BadSignature, ValueError, TypeError):
        raise BadToken from None


def short(purpose: str, number: int) -> str:
    """Return a token that holds a number, short enough for an SMS and for whoever types it: it never expires."""
    digits, rest = "", number
    while rest or not digits:
        rest, last = divmod(rest, len(DIGITS))
        digits = DIGITS[last] + digits
    return digits + _mark(purpose, number)


def read_short(purpose: str, token: str) -> int:
    """Return the number of a token made by `short`, in capitals or small letters. Raises `BadToken`."""
    found = re.fullmatch(rf"([{DIGITS}]{{1,7}})([a-z2-7]{{{MARK}}})", token.strip(AROUND).lower())
    number = int(found[1], len(DIGITS)) if found else 0
    if not found or not hmac.compare_digest(found[2], _mark(purpose, number)):
        raise BadToken
    return number


def _mark(purpose, number):
    key = current_app.config["SECRET_KEY"].encode()
    made = hmac.digest(key, f"{purpose}\0{number}".encode(), "sha256")
    return base64.b32encode(made).decode().lower()[:MARK]


def _signer(purpose):
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=purpose)
