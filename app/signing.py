"""Links that only the site can have made: a value, for one purpose, signed, and perhaps for a time."""

from flask import current_app
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer


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


def _signer(purpose):
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=purpose)
