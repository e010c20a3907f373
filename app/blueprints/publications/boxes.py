"""What the page of an event shows of its registrations."""

from dataclasses import dataclass

from flask_login import current_user

from app.access import Viewer, has_account, may_organise, may_register
from app.labels import RegistrationStatus
from app.models import Event, Publication, Registration
from app.notifications.publications import deadline
from app.notifications.registrations import place_of, token_of
from app.services import offers, registrations, seats


@dataclass(frozen=True)
class Box:
    """What one viewer sees of the registrations on the page of an event."""

    state: seats.State
    until: str  # the deadline
    mine: Registration | None  # that stands
    place: str  # my rank
    token: str  # of my registration
    has_lapsed: bool  # an offer to me
    goes_for_good: bool  # my place, when I give it up
    is_visitor: bool
    may_register: bool
    may_organise: bool


def box_of(publication: Publication, viewer: Viewer, *, is_tried: bool = False) -> Box | None:
    """Return what `viewer` sees of the registrations for an event; None where there are none. `is_tried`: an author
    looks at the page as somebody else."""
    if not isinstance(publication, Event) or not publication.takes_registrations or publication.is_draft:
        return None
    found = registrations.mine(publication, current_user) if viewer.user_id and not is_tried else None
    mine = found if found and found.is_standing else None
    state = seats.state_of(publication)
    return Box(
        state=state,
        until=deadline(publication),
        mine=mine,
        place=place_of(offers.rank_of(mine)) if mine else "",
        token=token_of(mine) if mine else "",
        has_lapsed=found is not None and found.status == RegistrationStatus.LAPSED,
        goes_for_good=mine is not None and mine.status == RegistrationStatus.CONFIRMED and state.is_full,
        is_visitor=not has_account(viewer) and not is_tried,
        may_register=may_register(viewer, publication),
        may_organise=may_organise(viewer, publication),
    )
