"""How often something may be tried, counted in the database for all processes and machines.

No library keeps such counts in SQL: Flask-Limiter's memory is one process's, and its other stores are servers.
"""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network

from flask import current_app
from sqlalchemy import case, delete, exists, select

from app.extensions import db, insert
from app.models import Tally
from app.models.types import utcnow


@dataclass(frozen=True)
class Limit:
    """At most `most` attempts in `seconds`, counted from the first one."""

    name: str
    most: int
    seconds: int


LOGIN_PAIR = Limit("login of an account from an address", 10, 15 * 60)
LOGIN_ACCOUNT = Limit("login of an account", 50, 3600)
LOGIN_KNOWN = Limit("login of an account that succeeded from an address", 10**6, 90 * 24 * 3600)
LOGIN_ADDRESS = Limit("login from an address", 100, 15 * 60)
PROOF_ACCOUNT = Limit("password asked again of somebody who is logged in", 10, 15 * 60)
SIGNUP_ADDRESS = Limit("sign-up from an address", 20, 3600)
SIGNUP_ACCOUNT = Limit("sign-up of a mail address", 3, 3600)
RESET_ADDRESS = Limit("reset from an address", 20, 3600)
RESET_ACCOUNT = Limit("reset of an account", 3, 3600)
MAIL_CHANGE = Limit("change of the mail address of an account", 5, 3600)
CODE_ACCOUNT = Limit("codes for an account", 5, 24 * 3600)
CODE_PHONE = Limit("codes to a number", 5, 24 * 3600)
COUNCIL_EMAIL = Limit("mail addresses of councils shown to an address", 30, 3600)
COUNCIL_PICTURES = Limit("pictures sent for the page of a council", 40, 24 * 3600)
REGISTER_ACCOUNT = Limit("registrations for events of an account", 30, 3600)
REGISTER_MAIL = Limit("registrations for events with a mail address", 10, 3600)
REGISTER_NETWORK = Limit("registrations for events from an address", 100, 3600)  # a hall full of people has one
REGISTER_CODE = Limit("codes of registrations typed from an address", 200, 3600)
# Codes cost money: those that visitors ask for, whoever they are.
REGISTER_TEXT = Limit("codes of registrations to a number", 5, 24 * 3600)
REGISTER_TEXTS_NETWORK = Limit("codes of registrations sent for an address", 15, 3600)
REGISTER_TEXTS_EVENT = Limit("codes of registrations sent for an event", 100, 24 * 3600)
REGISTER_TEXTS = Limit("codes of registrations sent", 300, 24 * 3600)
EVENT_LETTERS = Limit("letters to those who registered for an event", 10, 24 * 3600)
LETTERS_ACCOUNT = Limit("letters of an account to those who registered for events", 30, 24 * 3600)
BY_HAND_ACCOUNT = Limit("people whom an account registers by hand, or takes off a list", 500, 24 * 3600)
BY_HAND_PERSON = Limit("changes by the organisers' hand that one person is told", 6, 24 * 3600)
MESSAGES_ACCOUNT = Limit("messages and topics of an account in discussions", 60, 3600)
GROUP_REQUESTS = Limit("requests for working groups of an account", 10, 24 * 3600)
GROUP_MOVES = Limit("departures of a council from working groups, and its returns", 20, 24 * 3600)
LETTER_MAIL = Limit("links of the letter asked for a mail address", 5, 3600)
LETTER_NETWORK = Limit("links of the letter asked from an address", 60, 3600)
EXPORT_ACCOUNT = Limit("copies of an account's data", 10, 3600)


def hit(*attempts: tuple[Limit, str]) -> int:
    """Count an attempt under each (limit, who); return the seconds to wait before the next one, 0 when it may go on.

    The narrowest first: what one refuses does not count under the wider ones, where it would shut out others. Commit
    before doing what was asked for, so that a crash does not forget the attempt.
    """
    now = utcnow()
    for limit, who in attempts:
        until = now + timedelta(seconds=limit.seconds)
        over = Tally.expires_at <= now
        counting = insert(Tally).values(key=_key(limit, who), count=1, expires_at=until)
        counting = counting.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "count": case((over, 1), else_=Tally.count + 1),
                "expires_at": case((over, until), else_=Tally.expires_at),
            },
        ).returning(Tally.count, Tally.expires_at)
        count, ends = db.session.execute(counting).one()
        if count > limit.most:
            return int((ends - now).total_seconds()) + 1
    return 0


def has(limit: Limit, who: str) -> bool:
    """Tell whether anything is counted under a limit."""
    there = (Tally.key == _key(limit, who), Tally.expires_at > utcnow())
    return db.session.scalar(select(exists().where(*there)))


def forget(limit: Limit, who: str) -> None:
    """Count anew: whoever tried has shown to be the right one."""
    db.session.execute(delete(Tally).where(Tally.key == _key(limit, who)))


def purge() -> None:
    """Drop the counts that have expired."""
    db.session.execute(delete(Tally).where(Tally.expires_at <= utcnow()))


def network(address: str | None) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber has all of."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return address or ""
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed  # as a listener of both kinds writes the former one
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


def _key(limit, who):
    # Without the key of the site, all addresses of the Internet could be tried in minutes.
    secret = current_app.config["SECRET_KEY"].encode()
    return hmac.new(secret, f"{limit.name}\0{who}".encode(), "sha256").hexdigest()
