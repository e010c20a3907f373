"""Working groups: asked for, made, changed, left and archived; and what is shared with them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, func, or_, select, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.access import Viewer, members_of, readable, shown_topics
from app.extensions import db, insert_once
from app.labels import TERRITORY_KIND, Role, TerritoryKind, UserStatus, Visibility
from app.models import (
    Category,
    Council,
    Departure,
    Group,
    GroupRequest,
    Publication,
    Territory,
    Topic,
    User,
    council_territories,
    group_councils,
    publication_groups,
)
from app.models.group import RETURN_WITHIN
from app.models.types import utcnow
from app.notifications import dispatch, outbox
from app.notifications import groups as messages
from app.services import choosing, journal, shelves
from app.text import fold, slug

KINDS = (TerritoryKind.DEPARTMENT, TerritoryKind.EPCI, TerritoryKind.COMMUNE)  # at whose scale groups are made
ADDRESSES = ("demande",)  # pages that stand beside those of groups
PROMISED = timedelta(hours=48)  # for an answer to a request
MOST_PLACES = 30  # in a list to choose from
FEWEST = 2  # councils of a territory that a group is made for: it is for exchanges between councils


class Taken(ValueError):
    """A name that another group has, or had."""


@dataclass(frozen=True)
class Place:
    """A territory to make a group for, and how many councils it has."""

    id: int
    kind: str
    code: str
    name: str
    councils: int


@dataclass(frozen=True)
class Return:
    """What became of a council's return: how many things are shared again, and how many are not because somebody has
    changed them meanwhile."""

    shared: int
    left_out: int


# What a council finds ----------------------------------------------------------------------------------------------


def of_council(viewer: Viewer) -> list[Row]:
    """Return the groups that `viewer` may read, the archived ones last: (group, number of councils, when somebody last
    wrote there)."""
    gathered = group_councils.c
    councils = select(func.count()).where(gathered.group_id == Group.id).scalar_subquery()
    last = select(func.max(Topic.last_at)).join(Category, Category.id == Topic.category_id)
    last = last.where(Category.group_id == Group.id, *shown_topics()).scalar_subquery()
    query = select(Group, councils.label("councils"), last.label("last_at"))
    query = query.where(readable(Group, viewer)).options(joinedload(Group.territory))
    return list(db.session.execute(query.order_by(Group.archived_at.is_not(None), Group.name, Group.id)))


def place_of(group: Group) -> Category:
    """Return the place where a group discusses."""
    return db.session.scalars(select(Category).filter_by(group_id=group.id).options(joinedload(Category.group))).one()


def find_place(viewer: Viewer, slug: str) -> Row | None:
    """Return the place where the group of this address discusses, if `viewer` may read it, with how many councils and
    how many people the group has."""
    here = group_councils.c.group_id == Group.id
    councils = select(func.count()).select_from(group_councils).where(here).scalar_subquery()
    people = select(func.count(User.id)).join(group_councils, members_of(group_councils.c.council_id)).where(here)
    query = select(Category, councils.label("councils"), people.scalar_subquery().label("people")).join(Category.group)
    query = query.options(contains_eager(Category.group).joinedload(Group.territory))
    return db.session.execute(query.where(Group.slug == slug, readable(Category, viewer))).first()


def requests_of(user_id: int, most: int = 10) -> list[GroupRequest]:
    """Return the newest requests of somebody."""
    query = select(GroupRequest).filter_by(author_id=user_id).options(joinedload(GroupRequest.group))
    return list(db.session.scalars(query.order_by(GroupRequest.id.desc()).limit(most)))


def departures_of(council_id: int | None) -> list[Departure]:
    """Return how a council has left the groups into which it has not come back. Whether somebody may bring it back,
    `may_come_back` says."""
    gathered = group_councils.c
    is_back = exists().where(gathered.group_id == Departure.group_id, gathered.council_id == Departure.council_id)
    query = select(Departure).join(Departure.group).where(Departure.council_id == council_id, ~is_back)
    return list(db.session.scalars(query.options(joinedload(Departure.group)).order_by(Group.name, Group.id)))


def shared_with(group_id: int) -> ColumnElement[bool]:
    """Return the condition of what is shared with a group. Whether somebody may read it, `readable` says."""
    shared = select(publication_groups.c.publication_id).where(publication_groups.c.group_id == group_id)
    return and_(Publication.level == Visibility.GROUPS, Publication.id.in_(shared))


def last_shared(viewer: Viewer, group_id: int, kinds: Collection[str], most: int) -> dict[str, list[Publication]]:
    """Return what was last shared with a group, of each of these kinds, that `viewer` may read."""
    may = (shelves.checked_last(readable(Publication, viewer)), shelves.is_out(), shared_with(group_id))
    newest = (Publication.published_at.desc(), Publication.id.desc())
    of_kind = (select(Publication.id).where(Publication.kind == kind, *may).order_by(*newest) for kind in kinds)
    ids = union_all(*(select(each.limit(most).subquery().c.id) for each in of_kind))
    found = {kind: [] for kind in kinds}
    query = select(Publication).where(Publication.id.in_(ids)).options(*shelves.SHORT).order_by(*newest)
    for item in db.session.scalars(query):
        found[item.kind].append(item)
    return found


def councils_of(group_id: int) -> Select:
    """Return the query of the councils of a group, by name."""
    theirs = select(group_councils.c.council_id).where(group_councils.c.group_id == group_id)
    query = select(Council).where(Council.id.in_(theirs)).options(selectinload(Council.territories))
    return query.order_by(Council.name, Council.id)


def people_of(councils: Collection[Council], viewer: Viewer) -> dict[int, list[User]]:
    """Return the active members of these councils, by the id of the council."""
    ids = [council.id for council in councils]
    query = select(User).where(readable(User, viewer), User.council_id.in_(ids), User.status == UserStatus.ACTIVE)
    found = {council_id: [] for council_id in ids}
    for person in db.session.scalars(query.order_by(User.last_name, User.first_name, User.id)):
        found[person.council_id].append(person)
    return found


def counts(group_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return how many councils and how many people some groups have, by the id of the group."""
    gathered = group_councils.c
    query = select(gathered.group_id, func.count(gathered.council_id.distinct()), func.count(User.id))
    query = query.outerjoin(User, members_of(gathered.council_id)).where(gathered.group_id.in_(group_ids))
    found = {row[0]: (row[1], row[2]) for row in db.session.execute(query.group_by(gathered.group_id))}
    return {group_id: found.get(group_id, (0, 0)) for group_id in group_ids}


# Places and councils to choose from --------------------------------------------------------------------------------


def places_of(user: User) -> list[Territory]:
    """Return the territories for which somebody may ask for a group: those of their council, but for the region; of a
    referent, their own. Only where councils have others to meet."""
    place = council_territories.c
    if user.council_id is not None:
        theirs, kinds = select(place.territory_id).where(place.council_id == user.council_id), KINDS
    elif user.role == Role.REFERENT:
        theirs, kinds = [one.id for one in user.territories], tuple(TerritoryKind)
    else:
        return []
    several = select(place.territory_id).where(place.territory_id.in_(theirs)).group_by(place.territory_id)
    several = several.having(func.count(place.council_id) >= FEWEST)
    found = db.session.scalars(select(Territory).where(Territory.id.in_(several), Territory.kind.in_(kinds)))
    return sorted(found, key=lambda one: (-list(TerritoryKind).index(one.kind), fold(one.name)))


def find_places(words: str) -> list[Place]:
    """Return the territories of two councils or more that have this code, or all these words in their name: those of
    exactly this name first, then the widest."""
    wanted, place = fold(words), council_territories.c
    query = select(Territory.id, Territory.kind, Territory.code, Territory.name, func.count(place.council_id))
    query = query.join(council_territories, place.territory_id == Territory.id).where(Territory.kind.in_(KINDS))
    query = query.group_by(Territory.id).having(func.count(place.council_id) >= FEWEST)
    rows = [Place(*row) for row in db.session.execute(query)]
    found = [row for row in rows if row.code.lower() == wanted or set(wanted.split()) <= set(fold(row.name).split())]
    found.sort(key=lambda row: (fold(row.name) != wanted, KINDS.index(row.kind), fold(row.name), row.code))
    return found[:MOST_PLACES]


def councils_in(territory_id: int) -> list[int]:
    """Return the ids of the councils of a territory."""
    place = council_territories.c
    return list(db.session.scalars(select(place.council_id).where(place.territory_id == territory_id)))


def usual_name(territory: Territory) -> str:
    """Return what the group of a territory is called as long as nobody says else: with its kind or its department where
    another one with councils has the same name."""
    others = (Territory.name == territory.name, Territory.id != territory.id, Territory.kind.in_(KINDS))
    has_councils = Territory.id.in_(select(council_territories.c.territory_id))
    kinds = set(db.session.scalars(select(Territory.kind).where(*others, has_councils)))
    said = [TERRITORY_KIND[territory.kind]] if kinds - {territory.kind} else []
    if territory.kind in kinds:
        said.append(territory.department.code if territory.department else territory.code)
    return f"Conseils citoyens : {territory.name}" + (f" ({', '.join(said)})" if said else "")


# Requests ----------------------------------------------------------------------------------------------------------


def made_by(key: str, author_id: int) -> GroupRequest | None:
    """Return the request that the form with this key has made already."""
    return db.session.scalar(select(GroupRequest).filter_by(key=key, author_id=author_id))


def ask(
    author: User, *, key: str, name: str, purpose: str, territory_id: int | None, council_ids: Collection[int]
) -> GroupRequest:
    """Ask the animators for a group, for a territory or for these councils; they are told. The same form sent twice
    asks once."""
    if made := made_by(key, author.id):
        return made
    request = GroupRequest(key=key, author_id=author.id, name=name, purpose=purpose, territory_id=territory_id)
    request.councils = _load(council_ids)
    try:
        with db.session.begin_nested():
            db.session.add(request)
    except IntegrityError:  # the other of the two was first
        return made_by(key, author.id)
    dispatch.record("group.asked", request, author.id)
    return request


def _load(council_ids):
    return list(db.session.scalars(select(Council).where(Council.id.in_(council_ids)).order_by(Council.name)))


def wished(request: GroupRequest) -> list[int]:
    """Return the ids of the councils that a request is about."""
    return [council.id for council in request.councils] or councils_in(request.territory_id or 0)


def refuse(request: GroupRequest, actor: User, reason: str) -> None:
    """Answer a request, which is locked and open, with no; its author is told why."""
    request.decided_at, request.reason = utcnow(), reason
    journal.note("group.refused", request, actor_id=actor.id, reason=reason)
    _answer(request)


def _answer(request):
    """Tell the author of a request what came of it."""
    db.session.flush()
    if (author := request.author) is None or not author.is_active:
        return
    ids = [council.id for council in request.group.councils] if request.group else []
    is_in = author.council_id in ids
    message = messages.creation(request, is_in=is_in) if request.group else messages.refusal(request)
    outbox.post_account(author, message, f"group-request:{request.id}")


# Made and changed by the animator ----------------------------------------------------------------------------------


def open_group(
    actor: User, *, name: str, purpose: str, territory_id: int | None, council_ids: Collection[int],
    request: GroupRequest | None = None,
) -> tuple[Group, bool]:  # fmt: skip
    """Make a group of these councils, with the place where it discusses; their members are told, and the author of the
    `request` that it answers, which is locked and open. Return it, and whether it is new: the same form sent twice, or
    by two people, makes one, and so do two requests for the same group. Raises `Taken`."""
    group = Group(name=name, slug=_slug(name), purpose=purpose, territory_id=territory_id)
    group.councils = _load(council_ids)
    ids, is_new = [council.id for council in group.councils], True
    try:
        with db.session.begin_nested():
            db.session.add(group)
    except IntegrityError:
        group, is_new = _same(name, territory_id, ids), False
    if request is not None:
        request.decided_at, request.group = utcnow(), group
        _answer(request)
    if is_new:
        db.session.add(Category(name="Discussions", group_id=group.id))
        journal.note("group.opened", group, actor_id=actor.id, reason=_names(ids))
        told = [request.author_id] if request else []
        dispatch.record("group.opened", group, actor.id, data={"councils": ids, "told": told})
    return group, is_new


def _slug(name):
    found = slug(name) or "groupe"
    return f"groupe-{found}" if found in ADDRESSES else found


def _same(name, territory_id, council_ids):
    """Return the live group that has this name, if it is the very same one."""
    known = db.session.scalar(select(Group).filter_by(slug=_slug(name), archived_at=None))
    if known is None or (known.name, known.territory_id) != (name, territory_id):
        raise Taken(name)
    if {council.id for council in known.councils} != set(council_ids):
        raise Taken(name)
    return known


def _names(council_ids: Iterable[int]) -> str:
    return ", ".join(entry.name for entry in choosing.entries(council_ids))


def lock(group_id: int) -> Group | None:
    """Return a group that is going to change, locked and as it is at this instant."""
    query = select(Group).where(Group.id == group_id).with_for_update(of=Group)
    return db.session.scalar(query.execution_options(populate_existing=True))


def change(
    group: Group, actor: User, *, name: str, purpose: str, added: Collection[int], removed: Collection[int]
) -> tuple[int, int]:
    """Change a group, which is locked; return how many councils came in and how many went out. What `added` and
    `removed` do not name stays: a council that has left meanwhile does not come back unasked. Raises `Taken`."""
    _rename(group, name)
    group.purpose = purpose
    new, gone = _add(group, added), _remove(group, removed)
    _forget_departures(group, removed)  # even of one that left while the form was open
    if new:
        journal.note("group.widened", group, actor_id=actor.id, reason=_names(new))
        dispatch.record("group.joined", group, actor.id, data={"councils": new})
    if gone:
        journal.note("group.narrowed", group, actor_id=actor.id, reason=_names(gone))
        dispatch.record("group.removed", group, actor.id, data={"councils": gone})
    return len(new), len(gone)


def _rename(group, name):
    """Give a group another name; its address stays."""
    known = select(Group.id).where(Group.id != group.id, or_(Group.slug == _slug(name), Group.name == name))
    if name != group.name and db.session.scalar(known.limit(1)):
        raise Taken(name)
    group.name = name


def _add(group, council_ids):
    """Add councils that are not there; return their ids."""
    there = select(group_councils.c.council_id).where(group_councils.c.group_id == group.id)
    known = select(Council.id).where(Council.id.in_(council_ids), Council.id.not_in(there)).order_by(Council.id)
    new = list(db.session.scalars(known))
    if new:
        db.session.execute(group_councils.insert(), [{"group_id": group.id, "council_id": one} for one in new])
    _forget_departures(group, new)
    return new


def _forget_departures(group, council_ids):
    """A council that has come in again, or was taken out, does not come back by itself for an earlier departure."""
    its_own = (Departure.group_id == group.id, Departure.council_id.in_(council_ids))
    _write(delete(Departure).where(*its_own))
    db.session.expire(group, ["councils"])


def _remove(group, council_ids):
    """Take councils out that are there; return their ids."""
    gathered = group_councils.c
    there = (gathered.group_id == group.id, gathered.council_id.in_(council_ids))
    gone = list(db.session.scalars(select(gathered.council_id).where(*there).order_by(gathered.council_id)))
    db.session.execute(delete(group_councils).where(*there))
    _forget_departures(group, gone)
    return gone


def archive(group: Group, actor: User) -> None:
    """Close a group, which is locked: it is read, and nothing new comes. Twice is the same."""
    if group.archived_at is None:
        group.archived_at = utcnow()
        journal.note("group.archived", group, actor_id=actor.id)


def reopen(group: Group, actor: User) -> None:
    """Open an archived group again. Twice is the same."""
    if group.archived_at is not None:
        group.archived_at = None
        journal.note("group.reopened", group, actor_id=actor.id)


# Left, and joined again --------------------------------------------------------------------------------------------


def count_shared(group_id: int, council_id: int) -> int:
    """Return how many things a council shares with a group, that its readers see."""
    here = (Publication.council_id == council_id, shared_with(group_id), Publication.published_at.is_not(None))
    there = (Publication.deleted_at.is_(None), Publication.withdrawn_at.is_(None))
    return db.session.scalar(select(func.count(Publication.id)).where(*here, *there))


def leave(group_id: int, user: User, *, takes_out: bool, reason: str) -> Departure | None:
    """Take the council of `user` out of a group: it reads nothing there from now on. With `takes_out`, what it has
    shared there is not shared with it any more. The other members are told, and the animators. The last council leaves
    it archived. None: the council is not in it (any more). Call it with the council locked."""
    council_id = user.council_id
    its_own = _lock_shared(group_id, council_id) if takes_out else []  # as whoever saves one: these before the group
    group = lock(group_id)
    if group is None or not _remove(group, [council_id]):
        return None
    departure = Departure(group=group, council_id=council_id, user_id=user.id, reason=reason)
    departure.unshared = _unshare(group_id, its_own) if takes_out else None
    db.session.add(departure)
    db.session.flush()
    journal.note("group.left", group, actor_id=user.id, reason=". ".join(filter(None, [user.council.name, reason])))
    dispatch.record("group.left", group, user.id, data={"councils": [council_id], "reason": reason})
    if not group.councils:
        archive(group, user)
    return departure


def _lock_shared(group_id, council_id):
    return _lock_publications(Publication.council_id == council_id, _is_linked(group_id))


def _lock_publications(*conditions):
    rows = select(Publication.id).where(*conditions).order_by(Publication.id)
    return list(db.session.scalars(rows.with_for_update(of=Publication, key_share=True)))


def _is_linked(group_id):
    shared = publication_groups.c
    return exists().where(shared.publication_id == Publication.id, shared.group_id == group_id)


def _unshare(group_id, publication_ids):
    """Share these with the group no more; what then has no group is for the council alone. Return their ids."""
    shared = publication_groups.c
    here = (shared.group_id == group_id, shared.publication_id.in_(publication_ids))
    db.session.execute(delete(publication_groups).where(*here))
    is_alone = ~exists().where(shared.publication_id == Publication.id)
    mine = update(Publication).where(Publication.id.in_(publication_ids), Publication.level == Visibility.GROUPS)
    _write(mine.where(is_alone).values(level=Visibility.COUNCIL))
    return publication_ids


def _write(statement):
    db.session.execute(statement.execution_options(synchronize_session=False))


def lock_departure(group_id: int, council_id: int) -> Departure | None:
    """Return how a council left a group, with what it took out and the group locked."""
    query = select(Departure).filter_by(group_id=group_id, council_id=council_id)
    if (known := db.session.scalar(query)) is None:
        return None
    _lock_publications(Publication.id.in_(known.unshared or ()))  # before the group, as in `leave`
    lock(group_id)
    return db.session.scalar(query.execution_options(populate_existing=True))


def come_back(departure: Departure, user: User) -> Return:
    """Bring a council back into a group that it has left, with what it had taken out of it; not what somebody has
    changed since: who reads the new text is for its author to say. Twice is the same. Call it with the group
    locked."""
    group, council_id = departure.group, departure.council_id
    again, left_out = _share_again(departure)
    if _add(group, [council_id]):
        journal.note("group.returned", group, actor_id=user.id, reason=user.council.name)
        dispatch.record("group.joined", group, user.id, data={"councils": [council_id]})
    _forget_departures(group, [council_id])
    db.session.expunge(departure)
    return Return(len(again), left_out)


def _share_again(departure):
    """Share what was taken out of a group with it again; return the ids, and how many are left out."""
    narrow = Publication.level.in_([Visibility.COUNCIL, Visibility.GROUPS])
    theirs = (Publication.id.in_(departure.unshared or ()), Publication.council_id == departure.council_id, narrow)
    was_out = Publication.published_at <= departure.left_at  # who reads a draft, its author says when it is published
    is_same = and_(was_out, or_(Publication.edited_at.is_(None), Publication.edited_at <= departure.left_at))
    rows = db.session.execute(select(Publication.id, is_same).where(*theirs).order_by(Publication.id)).all()
    ids = [publication_id for publication_id, same in rows if same]
    once = insert_once(publication_groups, ["publication_id", "group_id"])
    for publication_id in ids:
        db.session.execute(once.values(publication_id=publication_id, group_id=departure.group_id))
    _write(update(Publication).where(Publication.id.in_(ids)).values(level=Visibility.GROUPS))
    return ids, len(rows) - len(ids)


def purge_departures() -> int:
    """Forget how councils have left, and why, once they come back by themselves no more; return how many that was."""
    old = delete(Departure).where(Departure.left_at <= utcnow() - RETURN_WITHIN)
    return db.session.execute(old).rowcount


# What the animator sees --------------------------------------------------------------------------------------------


def open_requests() -> Select:
    """Return the query of the requests that nobody has answered, the oldest first."""
    query = select(GroupRequest).where(GroupRequest.decided_at.is_(None)).order_by(GroupRequest.id)
    author = joinedload(GroupRequest.author).joinedload(User.council)
    return query.options(author, joinedload(GroupRequest.territory), selectinload(GroupRequest.councils))


def count_open_requests() -> int:
    """Return how many requests nobody has answered."""
    return db.session.scalar(select(func.count(GroupRequest.id)).where(GroupRequest.decided_at.is_(None)))
