"""The outbox: messages are posted in the transaction of what they tell, claimed with a lease, and settled."""

import hashlib
import random
from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ColumnElement, String, and_, case, cast, delete, func, literal, or_, select, update

from app.extensions import db, insert_once
from app.labels import Channel, DeliveryState, Priority
from app.models import Address, Delivery, OptOut, User
from app.models.types import utcnow
from app.notifications.message import Message
from app.text import one_line

RETRY_FOR = timedelta(hours=48)
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=4)
KEY_LENGTH = 120
REFUSALS = 3  # permanent failures after which an address is switched off
PARIS = ZoneInfo("Europe/Paris")  # the day of the quota
# The share of the daily quota that each priority may reach: a letter never eats what a reminder will need.
SHARE = dict(zip(Priority, (1.0, 0.95, 0.9, 0.85, 0.8), strict=True))
CLAIMED = DeliveryState.CLAIMED
ENDED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.TO_CHECK)
KEPT_FOR = timedelta(days=400)  # a link to unsubscribe works for a year and more in the mails that people keep
ALL = "*"  # every kind of messages
UNWANTED = "Non envoyé : cette personne ne veut plus de ces messages."
# The columns that a row may go without; all rows of one statement have the same ones.
OPTIONAL = {
    "channel": Channel.MAIL, "activity_id": None, "council_id": None, "person_id": None, "publication_id": None,
    "message_id": None, "issue_id": None, "useful_until": None,
}  # fmt: skip


def post(message: Message, **columns) -> bool:
    """Write a message to one person into the outbox; it leaves once the transaction is committed.

    `columns` are those of `row`. Posting the same key again does nothing and returns False.
    """
    return post_many([row(message, **columns)]) == 1


def post_account(user: User, message: Message, key: str, *, to: str = "", **columns) -> bool:
    """Write a message about their own account to somebody, as `post` does: it leaves first, and nobody can stop it.

    `to` is another address than that of the account.
    """
    name = f"{user.first_name} {user.last_name}"  # `user.name` is « un ancien membre » once the account is closed
    account = {"kind": "account", "priority": Priority.ACCOUNT, "name": name}
    return post(message, to=to or user.email, key=key, **account, **columns)


def row(message: Message, *, to: str, key: str, kind: str, priority: Priority, name: str = "", **columns) -> dict:
    """Return the row of a message to one person, for `post_many`.

    `key` says what is told to whom. `columns` are others of `Delivery`: `channel` (mail when not given),
    `activity_id`, `council_id`, `issue_id`, `next_attempt_at`, `useful_until`; `person_id`, `publication_id` and
    `message_id`, of which `looking` asks once more before it leaves.
    """
    content = message.to_json()
    if len(key) > KEY_LENGTH:  # cut, two people could become one
        key = f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    return OPTIONAL | columns | {
        "recipient": _address(to), "key": key, "kind": kind, "priority": priority, "name": one_line(name)[:200],
        "subject": content["subject"], "content": content,
    }  # fmt: skip


def post_many(rows: list[dict]) -> int:
    """Write rows of `row` with one statement, but those whose key is there already; return how many are new."""
    table = Delivery.__table__
    rows = [{"next_attempt_at": utcnow()} | row for row in rows]
    posted = insert_once(table, ["key"]).execution_options(preserve_rowcount=True)
    return db.session.execute(posted, rows).rowcount if rows else 0


def withdraw(publication_id: int, kinds: Collection[str]) -> int:
    """Take back the waiting messages of these kinds about a publication; return how many. Of those that are about to
    be sent at this instant, `looking` decides."""
    waiting = (Delivery.publication_id == publication_id, Delivery.state == DeliveryState.WAITING)
    return db.session.execute(_quietly(delete(Delivery).where(*waiting, Delivery.kind.in_(kinds)))).rowcount


def take_back(issue_id: int) -> int:
    """Take back the mails of an issue of the letter that were not handed over yet; return how many. What may have left
    already stays, lest it be written anew."""
    claimed = and_(Delivery.state == CLAIMED, Delivery.is_in_flight.is_(False))
    not_left = (or_(Delivery.state == DeliveryState.WAITING, claimed), Delivery.is_maybe_double.is_(False))
    return db.session.execute(_quietly(delete(Delivery).where(Delivery.issue_id == issue_id, *not_left))).rowcount


def _address(text):
    """Return an address as it is compared: one person may write it in two ways."""
    return text.strip().lower()


# Claiming ---------------------------------------------------------------------------------------------------------


def claim(channel: Channel, owner: str, limit: int, lease: timedelta) -> list[Delivery]:
    """Take up to `limit` due deliveries, the first priority first, for `owner` until the lease ends.

    Call it in a write transaction and commit before sending anything. What an earlier owner left is taken up again.
    """
    now = utcnow()
    _take_up(channel, now)
    due = (
        select(Delivery.id)
        .where(*_is_due(channel, now))
        .order_by(Delivery.priority, Delivery.next_attempt_at, Delivery.id)
        .with_for_update(skip_locked=True)
    )
    ids = []
    for priority, room in _room(channel, now).items():
        room = limit if room is None else room
        if (most := min(limit, room) - len(ids)) > 0:
            ids += db.session.scalars(due.where(Delivery.priority == priority).limit(most))
    if not ids:
        return []
    first = func.coalesce(Delivery.first_attempt_at, now)
    values = {"owner": owner, "lease_until": now + lease, "attempts": Delivery.attempts + 1, "first_attempt_at": first}
    db.session.execute(_quietly(update(Delivery).where(Delivery.id.in_(ids)).values(state=CLAIMED, **values)))
    order = (Delivery.priority, Delivery.next_attempt_at, Delivery.id)
    claimed = list(db.session.scalars(select(Delivery).where(Delivery.id.in_(ids)).order_by(*order)))
    db.session.expunge_all()  # they are sent long after this transaction, and must not be read again
    return claimed


def is_any_due(channel: Channel) -> bool:
    """Tell whether `claim` would find a message."""
    now = utcnow()
    open_to = [priority for priority, room in _room(channel, now).items() if room is None or room > 0]
    due = select(Delivery.id).where(*_is_due(channel, now), Delivery.priority.in_(open_to)).limit(1)
    return db.session.scalar(due) is not None


def _is_due(channel, now):
    return (Delivery.channel == channel, Delivery.state == DeliveryState.WAITING, Delivery.next_attempt_at <= now)


def _take_up(channel, now):
    """Settle claims whose owner died: not yet handed over, they wait again; handed over, nobody knows.

    A mail goes again under the same Message-ID, flagged; an SMS costs money and is left to a person. What was booked
    for it stays: it is probably paid.
    """
    expired = and_(Delivery.channel == channel, Delivery.state == DeliveryState.CLAIMED, Delivery.lease_until <= now)
    free = {"owner": None, "lease_until": None, "is_in_flight": False}
    waiting = {"state": DeliveryState.WAITING, **free}
    unknown = {**waiting, "is_maybe_double": True, "error": "Doublon possible : l’envoi précédent a été interrompu."}
    if channel == Channel.SMS:
        unknown = {**free, "state": DeliveryState.TO_CHECK, "error": "À vérifier : l’envoi a été interrompu."}
    for in_flight, values in ((True, unknown), (False, waiting)):
        statement = update(Delivery).where(expired, Delivery.is_in_flight.is_(in_flight)).values(**values)
        db.session.execute(_quietly(statement))


def _room(channel, now):
    """Return how many of today's quota each priority may still use, the first first; None where nothing limits."""
    quota = current_app.config["MAIL_DAILY_QUOTA"]
    if channel == Channel.SMS or not quota:  # the cap of SMS is counted in segments, one message at a time
        return dict.fromkeys(Priority)
    sent = sent_today(now)
    return {priority: share(quota, priority) - sent for priority in Priority}


def share(quota: int, priority: Priority) -> int:
    """Return how much of a quota a priority may reach; even the smallest quota lets one of each go."""
    return max(1, int(quota * SHARE[priority]))


def sent_today(now: datetime) -> int:
    """Return the number of mails sent since midnight, in Paris, with those that are being sent."""
    midnight = now.astimezone(PARIS).replace(hour=0, minute=0, second=0, microsecond=0)
    gone = or_(Delivery.sent_at >= midnight, Delivery.state == CLAIMED)
    return db.session.scalar(select(func.count()).where(Delivery.channel == Channel.MAIL, gone))


def _quietly(statement):
    return statement.execution_options(synchronize_session=False)


# Settling: each of these changes the row only while its claim is still the owner's ---------------------------------


def mark_in_flight(delivery_id: int, owner: str, lease: timedelta) -> bool:
    """Note, before it is handed over, that its outcome is now open. False when the claim was lost meanwhile."""
    return _settle(delivery_id, owner, is_in_flight=True, lease_until=utcnow() + lease)


def sent(delivery: Delivery, owner: str, **columns) -> bool:
    """Note that the server or the gateway took it. `columns`: `provider_id`, `segments`, `cost_cents`."""
    switch_on(delivery.channel, delivery.recipient)  # refusals count in a row only
    return _end(delivery.id, owner, DeliveryState.SENT, sent_at=utcnow(), **columns)


def to_check(delivery_id: int, owner: str, error: str) -> bool:
    """Note that nobody knows whether it left: a person decides, and what was booked for it stays."""
    return _end(delivery_id, owner, DeliveryState.TO_CHECK, error=error)


def drop(delivery_id: int, owner: str, error: str) -> bool:
    """Note that it will not leave, for a reason that is not the address's fault."""
    return _end(delivery_id, owner, DeliveryState.FAILED, error=error)


def fail(delivery: Delivery, owner: str, error: str, blames_recipient: bool = True) -> bool:
    """Note a refusal for good; after `REFUSALS` that blame the address it is switched off, and its owner told why."""
    if not _end(delivery.id, owner, DeliveryState.FAILED, error=error) or not blames_recipient:
        return False
    blame(delivery.channel, delivery.recipient, error)
    return True


def blame(channel: str, address: str, error: str, *, least: int = 1) -> None:
    """Count a refusal against an address, and switch it off after `REFUSALS`. `least`: how many in a row there are
    known to be."""
    place = {"channel": channel, "address": address}
    db.session.execute(insert_once(Address, ["channel", "address"]).values(place | {"refusals": 0, "reason": ""}))
    row = update(Address).filter_by(**place)
    more = case((Address.refusals + 1 < least, least), else_=Address.refusals + 1)
    db.session.execute(_quietly(row.values(refusals=more, reason=error[:300])))
    off = row.where(Address.refusals >= REFUSALS, Address.off_since.is_(None))
    db.session.execute(_quietly(off.values(off_since=utcnow())))


def retry(delivery, owner: str, error: str, after: float | None = None, maybe_double=False, steady=False) -> bool:
    """Let it wait for another attempt, later each time; 48 hours after the first one it has failed.

    `after`: seconds at least. `steady`: the server itself was away, which is no fault of the message: all wait the
    same short time, and go on in their order.
    """
    now = utcnow()
    if now - delivery.first_attempt_at >= RETRY_FOR:
        return _end(delivery.id, owner, DeliveryState.FAILED, error=f"Abandonné après 48 heures. {error}")
    wait = min(FIRST_RETRY * 2 ** min(delivery.attempts - 1, 12), LONGEST_RETRY)
    wait *= random.uniform(0.75, 1.25)  # noqa: S311 - so that a thousand do not come back at one instant
    wait = FIRST_RETRY if steady else wait
    at = now + max(wait, timedelta(seconds=after or 0))
    double = {"is_maybe_double": True} if maybe_double else {}
    return _end(delivery.id, owner, DeliveryState.WAITING, next_attempt_at=at, error=error, **double)


def postpone(delivery_id: int, owner: str, until: datetime, reason: str = "") -> bool:
    """Let it wait until an instant; nothing was tried, so that its 48 hours begin later."""
    untried = {
        "attempts": Delivery.attempts - 1,
        "first_attempt_at": case((Delivery.attempts > 1, Delivery.first_attempt_at)),
    }
    return _end(delivery_id, owner, DeliveryState.WAITING, next_attempt_at=until, error=reason, **untried)


def release(ids: list[int], owner: str) -> None:
    """Give back claims that nothing was tried for: they wait as before."""
    values = {"state": DeliveryState.WAITING, "owner": None, "lease_until": None, "attempts": Delivery.attempts - 1}
    mine = (Delivery.id.in_(ids), Delivery.owner == owner, Delivery.is_in_flight.is_(False))
    db.session.execute(_quietly(update(Delivery).where(*mine, Delivery.state == CLAIMED).values(**values)))


def book(delivery: Delivery, segments: int, cost_cents: float) -> bool:
    """Note what a claimed delivery costs if it is taken, beside what its earlier attempts may have cost."""
    paid = {"segments": delivery.segments + segments, "cost_cents": delivery.cost_cents + cost_cents}
    return _settle(delivery.id, delivery.owner, **paid, charged_at=utcnow())


def give_back(delivery: Delivery) -> bool:
    """Forget what was booked since it was claimed: nothing was taken. Call it before its claim ends."""
    paid = {"segments": delivery.segments, "cost_cents": delivery.cost_cents, "charged_at": delivery.charged_at}
    return _settle(delivery.id, delivery.owner, **paid)


def _end(delivery_id, owner, state, **columns):
    free = {"owner": None, "lease_until": None, "is_in_flight": False}
    return _settle(delivery_id, owner, **free, state=state, **columns)


def _settle(delivery_id, claimant, **columns):
    row = Delivery.__table__  # twice for each mail, under the lock of all writers: half the time without the ORM
    mine = (row.c.id == delivery_id, row.c.owner == claimant, row.c.state == CLAIMED)
    return db.session.execute(update(row).where(*mine).values(**columns)).rowcount == 1


def rewrite(delivery: Delivery, owner: str, content: dict) -> bool:
    """Change what a claimed message says, here and where it is kept."""
    delivery.content, delivery.subject = content, content["subject"]
    return _settle(delivery.id, owner, content=content, subject=content["subject"])


# Decided by a person: the first act wins, and another one returns False -----------------------------------------


def note_arrived(delivery_id: int) -> bool:
    """Note that a message whose outcome was unknown has arrived."""
    words = "Vérifié par l’animation : il est arrivé."
    at = func.coalesce(Delivery.charged_at, utcnow())
    return _decide(delivery_id, DeliveryState.TO_CHECK, state=DeliveryState.SENT, sent_at=at, error=words)


def send_again(delivery_id: int) -> bool:
    """Let a message whose outcome was unknown leave once more; what the first one may have cost stays counted."""
    words = "Renvoyé par l’animation : la personne peut le recevoir deux fois."
    return _decide(delivery_id, DeliveryState.TO_CHECK, **_anew(), is_maybe_double=True, error=words)


def give_up(delivery_id: int) -> bool:
    """Leave a message whose outcome was unknown at that."""
    words = "L’animation a choisi de ne pas le renvoyer."
    return _decide(delivery_id, DeliveryState.TO_CHECK, state=DeliveryState.FAILED, error=words)


def try_again(delivery_id: int) -> bool:
    """Let a message that failed leave once more."""
    return _decide(delivery_id, DeliveryState.FAILED, **_anew(), error="Nouvel essai demandé par l’animation.")


def _anew():
    return {"state": DeliveryState.WAITING, "next_attempt_at": utcnow(), "first_attempt_at": None}


def _decide(delivery_id, expected, **columns):
    there = update(Delivery).where(Delivery.id == delivery_id, Delivery.state == expected)
    if columns["state"] == DeliveryState.WAITING:
        there = there.where(Delivery.content.is_not(None))  # an erased text cannot leave
    return db.session.execute(_quietly(there.values(**columns))).rowcount == 1


# Reasons not to send ----------------------------------------------------------------------------------------------


def objection(delivery: Delivery) -> str:
    """Return why a claimed message must not leave any more, in French; nothing when it may."""
    if delivery.useful_until and delivery.useful_until <= utcnow():
        return "Non envoyé : trop tard pour être utile."
    off = why_off(delivery.channel, delivery.recipient)
    if off is not None:
        return f"Non envoyé : cette adresse est coupée ({off})."
    if delivery.priority != Priority.ACCOUNT and is_stopped(delivery.channel, delivery.recipient, delivery.kind):
        return UNWANTED
    return ""


def why_off(channel: str, address: str) -> str | None:
    """Return why an address is switched off, for its owner to read; None when it is not."""
    off = select(Address.reason).filter_by(channel=channel, address=_address(address))
    return db.session.scalar(off.where(Address.off_since.is_not(None)))


def switch_on(channel: str, address: str) -> None:
    """Forget the refusals of an address: it was confirmed, or a message reached it."""
    row = Address.__table__  # for each mail, as in `_settle`
    refused = (row.c.channel == channel, row.c.address == _address(address), row.c.refusals > 0)
    db.session.execute(update(row).where(*refused).values(refusals=0, off_since=None, reason=""))


def try_address_again(channel: str, address: str) -> None:
    """Let messages go once more to an address that is switched off: the next refusal switches it off again."""
    row = update(Address).filter_by(channel=channel, address=_address(address))
    db.session.execute(_quietly(row.values(off_since=None)))


def is_stopped(channel: str, address: str, kind: str) -> bool:
    """Tell whether a person wants no more of this kind of messages, or of any."""
    return not stops(channel, address).isdisjoint((kind, ALL))


def stops(channel: str, address: str) -> set[str]:
    """Return the kinds that a person wants no more; `ALL` is one of them when it is any."""
    return set(db.session.scalars(select(OptOut.kind).filter_by(channel=channel, address=_address(address))))


def stop(channel: str, address: str, kind: str) -> None:
    """Note that a person wants no more of this kind (or of `ALL`); twice is the same."""
    row = {"channel": channel, "address": _address(address), "kind": kind, "created_at": utcnow()}
    db.session.execute(insert_once(OptOut, ["channel", "address", "kind"]).values(row))


def resume(channel: str, address: str, kind: str) -> None:
    """Note that a person wants this kind again, which lifts no stop of all; or all kinds again (`ALL`)."""
    kinds = {} if kind == ALL else {"kind": kind}
    db.session.execute(_quietly(delete(OptOut).filter_by(channel=channel, address=_address(address), **kinds)))


# What the animator sees -------------------------------------------------------------------------------------------


def purge() -> int:
    """Empty the messages that left `DELIVERY_RETENTION_DAYS` ago, a bounded number of them; return how many."""
    limit = utcnow() - timedelta(days=current_app.config["DELIVERY_RETENTION_DAYS"])
    old = (Delivery.state.in_(ENDED), Delivery.next_attempt_at < limit, Delivery.content.is_not(None))
    ids = list(db.session.scalars(select(Delivery.id).where(*old).limit(5000)))
    values = {"content": None, "subject": "", "name": ""}
    db.session.execute(_quietly(update(Delivery).where(Delivery.id.in_(ids)).values(**values)))
    return len(ids)


def empty(*which: ColumnElement[bool]) -> int:
    """Leave nothing of the messages that ended, and that these conditions mean, but that there was one; return how
    many."""
    key = literal("erased:", String).concat(cast(Delivery.id, String))  # keys may hold an address
    values = {"recipient": "", "name": "", "subject": "", "content": None, "key": key}
    emptied = update(Delivery).where(*which, Delivery.state.in_(ENDED)).values(**values)
    return db.session.execute(_quietly(emptied)).rowcount


def forget() -> int:
    """Delete the messages that ended `KEPT_FOR` ago, with the address they went to; a bounded number, returned."""
    old = (Delivery.state.in_(ENDED), Delivery.next_attempt_at < utcnow() - KEPT_FOR)
    ids = list(db.session.scalars(select(Delivery.id).where(*old).limit(1000)))
    db.session.execute(_quietly(delete(Delivery).where(Delivery.id.in_(ids))))
    return len(ids)


def forecast() -> dict[Priority, tuple[int, int]]:
    """Return, for each priority with waiting mails, their number and the days until the last has left."""
    quota, used = current_app.config["MAIL_DAILY_QUOTA"], sent_today(utcnow())
    return rounds(Channel.MAIL, quota, used)


def rounds(channel: Channel, quota: int, used: int) -> dict[Priority, tuple[int, int]]:
    """Return, for each priority with waiting messages, their number and after how many more periods of the quota
    (days for mails, months for SMS) the last has left. `used`: what this period has already taken."""
    waiting = select(Delivery.priority, func.count()).where(
        Delivery.channel == channel, Delivery.state == DeliveryState.WAITING
    )
    counts = dict(db.session.execute(waiting.group_by(Delivery.priority).order_by(Delivery.priority)).all())
    told = {}
    for priority, count in counts.items():
        used += count
        room = share(quota, priority)
        told[Priority(priority)] = (count, max(0, -(-used // room) - 1) if quota else 0)
    return told
