"""All authorization: who may read and do what. Nothing else builds a visibility condition.

`readable` gives the condition for lists, `may_read` the same answer for a loaded row; both say the same.
"""

from dataclasses import dataclass

from flask import abort
from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true

from app.extensions import db
from app.labels import Role, UserStatus
from app.models import Council, CouncilPicture, StoredFile, User, council_territories


@dataclass(frozen=True)
class Viewer:
    """Who looks at a page, built once for each request. Without ids: a visitor.

    `is_active` is False for a sign-up that is not validated, a suspended account, and a visitor. `territory_ids` are
    those that a referent answers for.
    """

    user_id: int | None = None
    council_id: int | None = None
    role: str | None = None
    is_active: bool = False
    territory_ids: frozenset[int] = frozenset()

    @property
    def is_animator(self) -> bool:
        """Whether this is the person who runs the site."""
        return self.is_active and self.role == Role.ANIMATOR

    @property
    def is_referent(self) -> bool:
        """Whether this is a local referent."""
        return self.is_active and self.role == Role.REFERENT


VISITOR = Viewer()


def viewer_of(user: User) -> Viewer:
    """Return what `user` is, with the rights of this instant."""
    ids = frozenset(place.id for place in user.territories) if user.role == Role.REFERENT else frozenset()
    return Viewer(user.id, user.council_id, user.role, user.is_active, ids)


def readable(model: type, viewer: Viewer) -> ColumnElement[bool]:
    """Return the SQL condition that rows of `model` meet when `viewer` may read them.

    The directory is public. A file follows what it is joined to: a picture of a council's page is as public as it,
    a portrait as its person.
    """
    if model is Council:
        return true()
    if model is StoredFile:
        portraits = exists().where(User.photo_id == StoredFile.id, readable(User, viewer))
        return or_(exists().where(CouncilPicture.file_id == StoredFile.id), portraits)
    if model is User:
        return or_(*_readable_people(viewer))
    raise TypeError(f"no rule of access for {model.__name__}")


def _readable_people(viewer):
    """Yield the conditions of which a person meets one: members know one another, a request is for those who decide."""
    is_active, is_pending = User.status == UserStatus.ACTIVE, User.status == UserStatus.PENDING
    has_come = User.last_seen_at.is_not(None)  # whoever was appointed has not agreed to be shown before
    yield and_(is_active, User.role == Role.REFERENT, has_come)  # they answer for a territory, under their name
    if viewer.user_id:
        yield User.id == viewer.user_id
    if viewer.is_active:
        yield is_active
        if viewer.council_id:
            yield and_(is_pending, User.council_id == viewer.council_id)
    if viewer.is_referent:  # who is asked about a refusal must still find it
        is_theirs = is_in(User.council_id, viewer.territory_ids)
        yield and_(User.status.in_([UserStatus.PENDING, UserStatus.REFUSED]), is_theirs)
    if viewer.is_animator:
        yield User.status != UserStatus.CLOSED


def members_of(council_id, person: type = User) -> ColumnElement[bool]:
    """Return the condition that a person (`User`, or an alias of it) is an active member of a council."""
    return and_(person.council_id == council_id, person.status == UserStatus.ACTIVE)


def is_in(council_id: ColumnElement, territory_ids: frozenset[int]) -> ColumnElement[bool]:
    """Return the condition that a council lies in one of these territories."""
    places = council_territories.c
    return exists().where(places.council_id == council_id, places.territory_id.in_(territory_ids))


def may_read(viewer: Viewer, row: Council | StoredFile | User) -> bool:
    """Tell whether `viewer` may read one loaded row."""
    model = type(row)
    return db.session.scalar(select(exists().where(model.id == row.id, readable(model, viewer))))


def get_readable_or_404(model: type, viewer: Viewer, *options, **key):
    """Return the row with this key, loaded with `options`, when `viewer` may read it; otherwise abort with 404."""
    if any("\0" in value for value in key.values() if isinstance(value, str)):
        abort(404)  # PostgreSQL would not even take the question
    statement = select(model).filter_by(**key).where(readable(model, viewer)).options(*options)
    return db.session.scalar(statement) or abort(404)


def may_steer(viewer: Viewer) -> bool:
    """Tell whether `viewer` runs the site: sees the outbox, the jobs and what fails."""
    return viewer.is_animator


def may_watch_signups(viewer: Viewer) -> bool:
    """Tell whether `viewer` is the safety net of sign-ups: the animator everywhere, a referent at home."""
    return viewer.is_animator or viewer.is_referent


def has_account(viewer: Viewer) -> bool:
    """Tell whether `viewer` is somebody with an account, be it one that waits for its validation."""
    return viewer.user_id is not None


def may_suspend(viewer: Viewer, user: User) -> bool:
    """Tell whether `viewer` may suspend an open account: the animator, any but their own."""
    return viewer.is_animator and user.status == UserStatus.ACTIVE and user.id != viewer.user_id


def may_restore(viewer: Viewer, user: User) -> bool:
    """Tell whether `viewer` may open a suspended account again."""
    return viewer.is_animator and user.status == UserStatus.SUSPENDED


def is_member(viewer: Viewer) -> bool:
    """Tell whether `viewer` has a validated account of whatever kind."""
    return viewer.is_active


def may_keep(viewer: Viewer, council_id: int | None) -> bool:
    """Tell whether `viewer` is an active member of this council, and so keeps its page and welcomes its members."""
    return viewer.is_active and council_id is not None and viewer.council_id == council_id


def may_vouch(viewer: Viewer, candidate: User) -> bool:
    """Tell whether `viewer` is a peer of somebody whose sign-up waits."""
    return candidate.status == UserStatus.PENDING and may_keep(viewer, candidate.council_id)


def may_learn(viewer: Viewer, candidate: User) -> bool:
    """Tell whether `viewer` is told, as a peer, what was decided about a sign-up in their council."""
    return candidate.decided_at is not None and may_keep(viewer, candidate.council_id)


def may_decide(viewer: Viewer, candidate: User) -> bool:
    """Tell whether `viewer` decides about a sign-up that the peers have left, or given, to the safety net."""
    if candidate.status != UserStatus.PENDING or candidate.escalated_at is None:
        return False
    return may_review(viewer, candidate)


def decidable(viewer: Viewer) -> ColumnElement[bool]:
    """Return the SQL condition that sign-ups meet when `viewer` may decide about them, as `may_decide` says for one."""
    is_held = and_(User.status == UserStatus.PENDING, User.escalated_at.is_not(None))
    if viewer.is_animator:
        return is_held
    return and_(is_held, is_in(User.council_id, viewer.territory_ids)) if viewer.is_referent else false()


def may_review(viewer: Viewer, candidate: User) -> bool:
    """Tell whether `viewer` sees a sign-up, waiting or settled, with what the peers said of it."""
    is_signup = candidate.status == UserStatus.PENDING or candidate.decided_at is not None
    return is_signup and (viewer.is_animator or (viewer.is_referent and _answers_for(viewer, candidate.council)))


def _answers_for(viewer, council):
    return council is not None and any(place.id in viewer.territory_ids for place in council.territories)


def require(right: bool) -> None:
    """Abort with 403 unless the right is there."""
    if not right:
        abort(403)
