"""What an SMS asks beside its gateway: the hours of the person's own clock, and the caps on what it costs."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flask import current_app
from sqlalchemy import func, select

from app.extensions import db
from app.labels import Channel, DeliveryState, Priority
from app.localtime import at
from app.models import Council, Delivery
from app.models.types import utcnow
from app.notifications import gsm, outbox
from app.phone import time_zone

FROM, UNTIL = time(8), time(20)  # nobody's telephone rings at night
NIGHT = "En attente : pas de SMS entre 20 h et 8 h."
SITE_CAP = "En attente : le plafond mensuel de SMS du site est atteint."
COUNCIL_CAP = "En attente : le plafond mensuel de SMS de ce conseil est atteint."
LOCK = 7067  # any number that no other advisory lock of PostgreSQL has here


@dataclass(frozen=True)
class Later:
    """An objection that time will lift: when, and in which words."""

    until: datetime
    words: str


@contextmanager
def session(gateway):
    """Yield a function that sends one delivery through `gateway` and returns what to note of it."""

    def send(delivery):
        if outbox.is_stopped(Channel.SMS, delivery.recipient, outbox.ALL):  # only a code comes this far
            gateway.welcome(delivery.recipient)
        receipt = gateway.send(delivery.recipient, text_of(delivery), delivery.key)
        return {
            "provider_id": receipt.provider_id,
            "segments": delivery.segments + receipt.segments,  # an earlier attempt may have been paid
            "cost_cents": delivery.cost_cents + receipt.cost_cents,
        }

    yield send


def text_of(delivery: Delivery) -> str:
    """Return the text of an SMS: the short form in the characters of GSM-7, one segment when that is enough."""
    content = delivery.content
    link = content["link"][1] if content["link"] else None
    return gsm.shorten(content["short"], link=link)


def cost(delivery: Delivery) -> tuple[int, float]:
    """Return the segments of an SMS and their price in cents, as far as the gateway has not said."""
    segments = gsm.segments(text_of(delivery))
    return segments, segments * current_app.config["SMS_COST_CENTS"]


# Before one leaves ------------------------------------------------------------------------------------------------


def admit(delivery: Delivery) -> "Later | str":
    """Return why an SMS must wait (night, caps); nothing when it may go, and what it costs is booked then.

    Call it in the write transaction that hands it over. Without a gateway nothing costs, and nothing is counted.
    """
    zone, now = time_zone(delivery.recipient), utcnow()
    local = now.astimezone(zone)
    if delivery.kind != "code" and not FROM <= local.time() < UNTIL:  # its reader asked for a code a moment ago
        day = local.date() + timedelta(days=local.time() >= UNTIL)
        return Later(at(zone.key, day, FROM), NIGHT)
    if not current_app.config["SMS_GATEWAY"]:
        return ""
    _one_at_a_time()
    segments, cents = cost(delivery)
    if words := _over_a_cap(delivery, segments, now):
        # Not next month: somebody may raise the cap meanwhile.
        return Later(at(zone.key, local.date() + timedelta(days=1), FROM), words)
    outbox.book(delivery, segments, cents)
    return ""


def _one_at_a_time():
    """Let one process at a time compare and book: on PostgreSQL two would not see what the other one writes."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def _over_a_cap(delivery, segments, now):
    """Return which cap these segments would pass, in French; nothing when they fit under all."""
    month = month_of(now)
    if _is_over("SMS_MONTHLY_CAP", delivery.priority, spent(month)[0] + segments):
        return SITE_CAP
    if delivery.council_id is None or delivery.priority == Priority.ACCOUNT:
        return ""  # a council that spent its share still logs in
    council = spent(month, Delivery.council_id == delivery.council_id)[0]
    return COUNCIL_CAP if _is_over("SMS_COUNCIL_MONTHLY_CAP", delivery.priority, council + segments) else ""


def _is_over(setting, priority, segments):
    cap = current_app.config[setting]
    return bool(cap) and segments > outbox.share(cap, priority)


# What they cost ---------------------------------------------------------------------------------------------------


def month_of(now: datetime) -> datetime:
    """Return when the month of an instant began, in Paris."""
    return at(outbox.PARIS.key, now.astimezone(outbox.PARIS).date().replace(day=1), time())


def spent(since: datetime, *conditions) -> tuple[int, float]:
    """Return the segments, and their price in cents, that left or perhaps left since an instant, or are leaving."""
    sums = (func.coalesce(func.sum(column), 0) for column in (Delivery.segments, Delivery.cost_cents))
    rows = select(*sums).where(Delivery.channel == Channel.SMS, Delivery.charged_at >= since, *conditions)
    return tuple(db.session.execute(rows).one())


def councils_held_back(limit: int = 20) -> list[tuple[str, str, int]]:
    """Return the councils whose cap holds something back (name, slug, segments this month), at most `limit`."""
    cap = current_app.config["SMS_COUNCIL_MONTHLY_CAP"]
    if not cap:
        return []
    segments = func.sum(Delivery.segments)
    rows = (
        select(Council.name, Council.slug, segments)
        .join(Delivery, Delivery.council_id == Council.id)
        .where(Delivery.channel == Channel.SMS, Delivery.charged_at >= month_of(utcnow()))
        .group_by(Council.id, Council.name, Council.slug)
        .having(segments >= outbox.share(cap, Priority.LETTER))
        .order_by(segments.desc(), Council.name)
    )
    return [tuple(row) for row in db.session.execute(rows.limit(limit))]


def held_back() -> dict[str, int]:
    """Return how many SMS wait for each reason of `admit`."""
    rows = select(Delivery.error, func.count()).where(
        Delivery.channel == Channel.SMS, Delivery.state == DeliveryState.WAITING,
        Delivery.error.in_([NIGHT, SITE_CAP, COUNCIL_CAP]),
    )  # fmt: skip
    return dict(db.session.execute(rows.group_by(Delivery.error)).all())


def forecast() -> dict[Priority, tuple[int, int]]:
    """Return, for each priority with waiting SMS, their number and the months until the last has left, at the least:
    as if each was one segment."""
    return outbox.rounds(Channel.SMS, current_app.config["SMS_MONTHLY_CAP"], spent(month_of(utcnow()))[0])
