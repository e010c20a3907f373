"""« Qui sera prévenu ? »: how many people something reaches, and what their SMS cost, before anybody decides."""

from collections.abc import Collection
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import and_, exists, func, literal, or_, select, true

from app.access import audience, concerned
from app.extensions import db
from app.labels import PATH_OF_KIND, AlertTopic, PublicationKind, Visibility
from app.models import Event, Publication, Registration, User
from app.models.registration import STANDING
from app.notifications import gsm
from app.notifications.links import site_address
from app.notifications.organisers import LIKELY
from app.notifications.publications import in_short, own_address, short_address_of
from app.notifications.recipients import count_of_expected, counts
from app.text import slug

USUAL_ID, USUAL_MOMENT = 10_000, "mercredi 30 septembre 2026 à 18 h 30"  # as long as most are


@dataclass(frozen=True)
class Reach:
    """How many people could read something (None: everybody), and how many are told of it: at once (some by mail and
    by SMS), later in a digest, or because they registered for the event. Of a change (`is_change`), « at once » is
    `publishing.TOLD_AFTER` later. `by_sms` counts all who get an SMS, and `cents` is its price."""

    readers: int | None
    at_once: int
    by_mail: int
    by_sms: int
    in_digest: int
    registered: int
    cents: float
    is_change: bool = False

    @property
    def told(self) -> int:
        """How many are told, sooner or later."""
        return self.at_once + self.in_digest + self.registered


def reach(
    kind: str, author: User, group_ids: Collection[int], *, item: Publication | None = None, title: str = "",
    territory_id: int | None = None,
) -> dict[Visibility, Reach]:  # fmt: skip
    """Return how many people something that `author` shares reaches, at each level that it may have. `group_ids` are
    the groups that would be chosen; `item` is what is written, when it is there already: of something published the
    change is told, and only that of an event. `territory_id`: what an event of no council is for."""
    council_id = item.council_id if item else author.council_id
    levels = list(Visibility) if council_id else [Visibility.MEMBERS, Visibility.PUBLIC]
    circles = [concerned(council_id, level, group_ids, territory_id) for level in levels]
    readers = [audience(level, council_id, group_ids) for level in levels]
    if council_id:  # the wider levels tell those whom the narrowest tells
        circles = circles[:2]
    is_out = item is not None and item.published_at is not None
    listeners = [_listeners(kind, author, circle, item if is_out else None) for circle in circles]
    counted = [_count_of(them) for them in readers if them is not None]
    row = iter(db.session.execute(_side_by_side(*listeners, *counted, _count_of_expected(item, author))).one())
    told = [tuple(next(row) for _ in range(4)) for _ in circles]
    if is_out and not _is_change_told(item):
        told = [(0, 0, 0, 0)] * len(told)
    told += [told[0]] * (len(levels) - len(told))
    counts = [None if them is None else next(row) for them in readers]
    registered, texted = row
    found = {}
    for level, count, (at_once, by_mail, by_sms, in_digest) in zip(levels, counts, told, strict=True):
        member, expected = _prices(kind, title, item if is_out else None, level)
        cents = by_sms * member + texted * expected
        found[level] = Reach(count, at_once, by_mail, by_sms + texted, in_digest, registered, cents, is_out)
    return found


def _is_change_told(item):
    return isinstance(item, Event) and item.takes_place and not item.is_over


def _listeners(kind, author, circle, published):
    others = [circle, User.id != author.id]
    if published is not None:
        is_theirs = or_(Registration.user_id == User.id, Registration.email == User.email)
        stands = (Registration.event_id == published.id, Registration.status.in_(STANDING))
        others.append(~exists().where(is_theirs, *stands))
    return counts(and_(*others), AlertTopic(kind))


def _count_of(them):
    return select(func.count()).select_from(User).where(them)


def _count_of_expected(item, author):
    """Count those who are told of a change because they registered, and those of them who get an SMS."""
    if item is None or not _is_change_told(item):
        return select(literal(0).label("told"), literal(0).label("texted"))
    return count_of_expected(item.id, author.id)


def _side_by_side(*queries):
    """Return one query with the columns of several that have one row each."""
    tables = [query.subquery() for query in queries]
    joined = tables[0]
    for table in tables[1:]:
        joined = joined.join(table, true())
    return select(*(column for table in tables for column in table.c)).select_from(joined)


def _prices(kind, title, changed, level):
    """Return what one SMS about this costs, in cents: to a member, and to somebody who registered. What is not known
    yet, such as an address or a new hour, is of a usual length."""
    number, is_public = changed.id if changed else USUAL_ID, level == Visibility.PUBLIC
    if kind == PublicationKind.EVENT:
        link = short_address_of(number)
    else:
        place = {"path": PATH_OF_KIND[kind], "item_id": number, "slug": slug(title) or "sans-titre"}
        link = site_address("publications.items.show", **place)
    text = in_short(kind, title, USUAL_MOMENT if kind == PublicationKind.EVENT and is_public else "")
    if changed:
        text = f"Changement : {changed.title}, {USUAL_MOMENT}"
    return _price(text, link), _price(text, link if is_public else own_address(LIKELY))


def _price(text, link):
    return gsm.segments(gsm.shorten(text, link=link)) * current_app.config["SMS_COST_CENTS"]
