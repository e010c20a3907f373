"""One HTTP request to a gateway: bounded in time and size, and its end told as an outcome.

What matters for a message that costs money is whether the gateway may have taken it: then nobody sends it twice.
"""

import io
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError

from app.notifications.outcomes import PermanentFailure, TemporaryFailure, UnknownOutcome
from app.text import one_line

ANSWER_LIMIT = 64 * 1024  # bytes; the answer to one SMS has some hundreds
LONGEST_WAIT = 48 * 3600  # seconds: nothing is retried later than that
LATER = {408, 425, 429}
# The gateway does not know us, wants money or an other address: it says nothing of this number, and all messages
# would be refused alike until somebody repairs the settings or the account.
OURS = {401, 402, 403, 404, 405, 407}
UNSURE = {303, 504}  # « done, look there »; a proxy that passed the request on and waited in vain
BEFORE_SENDING = (
    requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError, requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader, requests.exceptions.InvalidSchema,
)  # fmt: skip
HANDSHAKE = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER")


class Session(requests.Session):
    """HTTP that follows no redirect, reads a bounded answer and takes passwords from the settings alone."""

    def __init__(self):
        super().__init__()
        self.auth = lambda request: request  # else requests puts a password of ~/.netrc over the header of the settings
        # A kept connection may be closed by the server just as the next request goes out, with an unknown outcome.
        self.headers.update({"Connection": "close", "Accept-Encoding": "identity", "Accept": "application/json, */*"})
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def get_redirect_target(self, response):
        """Follow nothing: the text and the keys go to the gateway of the settings, and nowhere else."""
        return None


class _Adapter(HTTPAdapter):
    def send(self, request, **options):
        response = super().send(request, **options | {"stream": True})
        response.raw = io.BytesIO(_read(response.raw, time.monotonic() + _seconds(options.get("timeout"))))
        return response


def _seconds(timeout):
    return timeout if isinstance(timeout, int | float) else ANSWER_LIMIT


def _read(raw, deadline):
    """Return the answer, or its beginning when it is too long, too slow or breaks off: the status is known by then."""
    content = b""
    try:
        while len(content) < ANSWER_LIMIT and time.monotonic() < deadline:
            piece = raw.read1(ANSWER_LIMIT - len(content))
            if not piece:
                break
            content += piece
    except (HTTPError, OSError):
        pass
    finally:
        raw.close()
    return content


def exchange(send: Callable[[], requests.Response], name: str) -> requests.Response:
    """Return the answer of the gateway `name` to the request that `send` makes, when it has accepted it (2xx).

    Raises `TemporaryFailure`, `PermanentFailure` or `UnknownOutcome`. Their texts hold neither the address nor the
    headers of the request, where keys may stand.
    """
    try:
        response = send()
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        kind = type(_root(error)).__name__
        if _came_before(error):
            raise TemporaryFailure(f"{name} n’a pas pu être joint ({kind}).") from None
        raise UnknownOutcome(f"{name} n’a pas répondu à temps ou a coupé ({kind}) : envoi à vérifier.") from None
    _check(response, name)
    return response


def _root(error):
    """Return the innermost cause that the libraries wrapped."""
    inner = getattr(error, "reason", None) or next(iter(error.args), None)
    return _root(inner) if isinstance(inner, Exception) else error


def _came_before(error):
    """Return whether nothing of the request can have reached the gateway; in doubt, it has."""
    root = _root(error)
    if isinstance(root, ssl.SSLError):
        return root.reason in HANDSHAKE
    return isinstance(error, BEFORE_SENDING) or isinstance(root, NewConnectionError | ConnectionRefusedError)


def _check(response, name):
    status = response.status_code
    said = f"{name} répond {status} : {one_line(response.text)[:200] or 'sans explication'}"
    if 200 <= status < 300:
        return
    if status in UNSURE:
        raise UnknownOutcome(said)
    if 400 <= status < 500 and status not in LATER | OURS:
        raise PermanentFailure(said)
    raise TemporaryFailure(said, retry_after(response.headers.get("Retry-After", "")))


def retry_after(value: str) -> int | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110 section 10.2.3), at most two days; else None."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0, round((moment - datetime.now(UTC)).total_seconds())), LONGEST_WAIT)
