"""SMS: one way to send, and the gateways behind it, OVHcloud's and whatever else speaks HTTP."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlencode

import ovh
import requests

from app.notifications.gsm import SEPTETS, segments
from app.notifications.outcomes import PermanentFailure, TemporaryFailure, UnknownOutcome
from app.notifications.transport import Session, exchange

PLACEHOLDER = re.compile(r"\{(number|digits|text|reference)\}")
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
TAG_LENGTH = 20  # characters that OVHcloud keeps of a tag
STALE = ("INVALID_SIGNATURE", "QUERY_TIME_OUT")  # our clock was set since we asked OVHcloud for its own


@dataclass(frozen=True)
class Receipt:
    """What the gateway took: its own id (empty when it gives none), the messages it makes, and their price."""

    provider_id: str
    segments: int
    cost_cents: float


class Gateway(Protocol):
    """What can send an SMS."""

    def send(self, number: str, text: str, reference: str) -> Receipt:
        """Send `text` to an E.164 number; `reference` names the message, the same at each attempt.

        Raises `TemporaryFailure`, `PermanentFailure`, or `UnknownOutcome` when it may have left: never send it again.
        """

    def stopped(self) -> list[str]:
        """Return the numbers (E.164) that answered STOP, where the gateway keeps them. Raises as `send` does."""

    def welcome(self, number: str) -> None:
        """Serve a number (E.164) again that answered STOP, as its owner asks for a code. Raises `TemporaryFailure`."""


def make_gateway(config: Mapping) -> Gateway | None:
    """Return the gateway of the settings, or None when there is none: messages are then kept and shown."""
    makers = {"ovh": OvhGateway, "http": HttpGateway}
    return makers[config["SMS_GATEWAY"]](config) if config["SMS_GATEWAY"] else None


class _Client(ovh.Client):
    """The official client, over our bounded HTTP: its own follows redirects and reads answers of any size."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self._session = Session()


class OvhGateway:
    """OVHcloud's API: POST /sms/{serviceName}/jobs, described at https://eu.api.ovh.com/console/?section=%2Fsms."""

    NAME = "OVHcloud"

    def __init__(self, config: Mapping):
        self._config = config
        self._client = None

    def send(self, number: str, text: str, reference: str) -> Receipt:
        """See `Gateway`. One credit, the price of a message within the mainland, costs `SMS_COST_CENTS`."""
        client = self._ready_client()
        request = partial(client.raw_call, "POST", self._path(), self._job(number, text, reference))
        try:
            answer = _json(exchange(request, self.NAME))
        except PermanentFailure as failure:
            # A refused number comes back in an accepted answer: other refusals are of the account or of the text.
            if any(word in str(failure) for word in STALE):
                self._client = None
            elif "credit" not in str(failure).lower():
                raise PermanentFailure(str(failure), blames_recipient=False) from failure
            raise TemporaryFailure(str(failure)) from failure
        return self._receipt(answer, text)

    def _ready_client(self):
        """Return a client that knows OVHcloud's clock, without which it cannot sign: nothing is sent before."""
        config = self._config
        try:
            if self._client is None:
                keys = ("application_key", "application_secret", "consumer_key")
                named = {key: config[f"SMS_OVH_{key.upper()}"] for key in keys}
                client = _Client(endpoint=config["SMS_OVH_ENDPOINT"], timeout=config["SMS_TIMEOUT"], **named)
                if not isinstance(client.time_delta, int):
                    raise TypeError("no time")
                self._client = client
        except (ovh.APIError, requests.RequestException, AttributeError, TypeError, OSError) as error:
            raise TemporaryFailure(f"{self.NAME} n’a pas pu être joint ({type(error).__name__}).") from None
        return self._client

    def stopped(self) -> list[str]:
        """See `Gateway`: GET /sms/{serviceName}/blacklists."""
        numbers = _json(exchange(partial(self._ready_client().raw_call, "GET", self._path("blacklists")), self.NAME))
        return [number for number in numbers if isinstance(number, str)] if isinstance(numbers, list) else []

    def welcome(self, number: str) -> None:
        """See `Gateway`: DELETE /sms/{serviceName}/blacklists/{number}."""
        path = f"{self._path('blacklists')}/{quote(number, safe='')}"
        try:
            if number in self.stopped():
                exchange(partial(self._ready_client().raw_call, "DELETE", path, None), self.NAME)
        except (UnknownOutcome, PermanentFailure) as error:  # no message is at stake: it may well be asked twice
            raise TemporaryFailure(str(error)) from None

    def _path(self, what="jobs"):
        return f"/sms/{quote(self._config['SMS_OVH_SERVICE'], safe='')}/{what}"

    def _job(self, number, text, reference):
        sender = self._config["SMS_SENDER"]
        return {
            "message": text,
            "receivers": [number],
            **({"sender": sender} if sender else {"senderForResponse": True}),
            "noStopClause": True,  # these messages were asked for; the clause of advertising would take 11 characters
            "priority": "high",
            "charset": "UTF-8",
            "coding": "7bit" if all(sign in SEPTETS for sign in text) else "8bit",
            "tag": reference if len(reference) <= TAG_LENGTH else hashlib.sha256(reference.encode()).hexdigest()[:20],
        }

    def _receipt(self, answer, text):
        if not isinstance(answer, dict):
            raise UnknownOutcome(f"{self.NAME} a répondu sans que l’on comprenne : envoi à vérifier.")
        if answer.get("invalidReceivers") and not answer.get("validReceivers"):
            raise PermanentFailure(f"{self.NAME} refuse ce numéro.")
        provider_id = _found(answer, "ids.0")
        if provider_id is None:
            raise UnknownOutcome(f"{self.NAME} n’a pas donné le numéro de l’envoi : à vérifier.")
        credits = answer.get("totalCreditsRemoved")
        credits = credits if isinstance(credits, int | float) else segments(text)
        return Receipt(provider_id, segments(text), credits * self._config["SMS_COST_CENTS"])


class HttpGateway:
    """Any gateway that takes one request per message, written down in the settings.

    {number} (+33612345678), {digits} (33612345678), {text} and {reference} are replaced in the values of the address,
    the headers and the body, after these have been taken apart: a text cannot add a field, a header or an address.
    """

    NAME = "La passerelle SMS"

    def __init__(self, config: Mapping):
        self._config = config
        headers = config["SMS_HTTP_HEADERS"]
        kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        body = config["SMS_HTTP_BODY"]
        self._is_json = "json" in kind.lower()
        self._body = json.loads(body) if body and self._is_json else parse_qsl(body, keep_blank_values=True)

    def stopped(self) -> list[str]:
        """See `Gateway`: such a gateway tells of each STOP as it comes, at the address of the inbound secret."""
        return []

    def welcome(self, number: str) -> None:
        """See `Gateway`: such a gateway holds nothing back by itself."""

    def send(self, number: str, text: str, reference: str) -> Receipt:
        """See `Gateway`. Each segment costs `SMS_COST_CENTS`."""
        values = {"number": number, "digits": number.removeprefix("+"), "text": text, "reference": reference}
        config, path = self._config, self._config["SMS_HTTP_ID_PATH"]
        response = exchange(partial(self._request, values), self.NAME)
        provider_id = _found(_json(response), path) if path else ""
        if provider_id is None:
            # Some answer 200 and tell the refusal in the body: neither sent nor refused for certain.
            raise UnknownOutcome(f"{self.NAME} a accepté sans donner le numéro de l’envoi : à vérifier.")
        return Receipt(provider_id, segments(text), segments(text) * config["SMS_COST_CENTS"])

    def _request(self, values):
        config = self._config
        body = _fill(self._body, values)
        content = json.dumps(body) if self._is_json else urlencode(body, errors="replace")
        with Session() as session:
            return session.request(
                config["SMS_HTTP_METHOD"],
                _fill(config["SMS_HTTP_URL"], values, partial(quote, safe="", errors="replace")),
                headers=_fill(config["SMS_HTTP_HEADERS"], values, partial(quote, safe=PRINTABLE, errors="replace")),
                data=content.encode("ascii") if config["SMS_HTTP_BODY"] else None,
                timeout=config["SMS_TIMEOUT"],
            )


def _fill(template, values, encode=str):
    """Return `template` (a text, or lists and mappings of them) with its placeholders replaced, all in one pass."""
    if isinstance(template, str):
        return PLACEHOLDER.sub(lambda match: encode(values[match[1]]), template)
    if isinstance(template, dict):
        return {key: _fill(value, values, encode) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return type(template)(_fill(value, values, encode) for value in template)
    return template


def _json(response):
    """Return the answer as a value, or None when it is no JSON."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _found(value, path):
    """Return as a text what stands at a dotted path such as « messages.0.id », or None."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step[:6]) < len(value):
            value = value[int(step[:6])]
        else:
            return None
    is_id = isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    return str(value)[:200] if is_id else None
