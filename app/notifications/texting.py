"""What an SMS asks beside its gateway: the hours of the person's own clock, and the caps on what it costs."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from flask import current_app
from sqlalchemy import func, select

from app.extensions import db
from app.labels import Channel, DeliveryState, Priority
from app.localtime import at
from app.models import Delivery
from app.models.types import utcnow
from app.notifications import gsm
from app.phone import time_zone

FROM, UNTIL = time(8), time(20)  # nobody's telephone rings at night


@dataclass(frozen=True)
class Later:
    """An objection that time will lift: when, and in which words."""

    until: datetime
    words: str


@contextmanager
def session(gateway):
    """Yield a function that sends one delivery through `gateway` and returns what to note of it."""

    def send(delivery):
        receipt = gateway.send(delivery.recipient, text_of(delivery), delivery.key)
        return {
            "provider_id": receipt.provider_id, "segments": receipt.segments, "cost_cents": receipt.cost_cents,
        }  # fmt: skip

    yield send


def text_of(delivery: Delivery) -> str:
    """Return the text of an SMS: the short form in the characters of GSM-7, one segment when that is enough."""
    content = delivery.content
    link = content["link"][1] if content["link"] else None
    return gsm.shorten(content["short"], link=link)


def cost(delivery: Delivery) -> dict:
    """Return the columns for what an SMS costs, as far as the gateway has not said."""
    segments = gsm.segments(text_of(delivery))
    return {"segments": segments, "cost_cents": segments * current_app.config["SMS_COST_CENTS"]}


def objection(delivery: Delivery) -> "Later | str":
    """Return why an SMS must wait (night, caps) or must not leave; nothing when it may go."""
    zone, now = time_zone(delivery.recipient), utcnow()
    local = now.astimezone(zone)
    if delivery.kind != "code" and not FROM <= local.time() < UNTIL:  # its reader asked for a code a moment ago
        day = local.date() + timedelta(days=local.time() >= UNTIL)
        return Later(at(zone.key, day, FROM), "En attente : pas de SMS entre 20 h et 8 h.")
    needed, month = gsm.segments(text_of(delivery)), _month(now)
    for cap, council in _caps(delivery):
        if cap and _spent(month, council) + needed > cap:
            if delivery.priority == Priority.ACCOUNT and council is not None:
                continue  # a council that spent its share still logs in
            return Later(_next_month(now), "En attente : le plafond mensuel de SMS est atteint.")
    return ""


def _caps(delivery):
    yield current_app.config["SMS_MONTHLY_CAP"], None
    if delivery.council_id:
        yield current_app.config["SMS_COUNCIL_MONTHLY_CAP"], delivery.council_id


def _spent(since, council):
    """Return the segments that left, or perhaps left, since an instant: both cost."""
    gone = Delivery.state.in_([DeliveryState.SENT, DeliveryState.TO_CHECK])
    query = select(func.coalesce(func.sum(Delivery.segments), 0)).where(
        Delivery.channel == Channel.SMS, gone, Delivery.next_attempt_at >= since
    )
    return db.session.scalar(query if council is None else query.where(Delivery.council_id == council))


def _month(now):
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _next_month(now):
    return (_month(now) + timedelta(days=32)).replace(day=1)
