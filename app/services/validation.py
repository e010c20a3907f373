"""The validation of a sign-up by its peers within 48 hours, and the safety net: the local referent and the animator."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from app.access import Viewer, decidable, members_of, readable
from app.extensions import db
from app.labels import UserStatus, VouchAnswer
from app.models import User, Vouch
from app.models.types import utcnow
from app.models.user import ANSWERED_WITHIN
from app.notifications import dispatch, outbox, signups
from app.services import journal, subscribing
from app.templating import moment

PEERS_HAVE = timedelta(hours=24)  # before the safety net is asked too
BATCH = 200
Peer = aliased(User)


def start(candidate: User) -> None:
    """Ask the peers of somebody whose address is confirmed, or at once the safety net when no peer could answer."""
    if not _escalate_if_stuck(candidate):
        dispatch.record("signup.confirmed", candidate)


def answer(peer: User, candidate: User, word: VouchAnswer, reason: str = "") -> None:
    """Write down a peer's word on a pending sign-up, in place of an earlier one, and do what follows from it.

    The row of the candidate is locked. One « yes » opens the account, unless another member said « no »: then the
    referent and the animator decide, as they do when nobody is left who could say yes.
    """
    vouch = vouch_of(peer, candidate) or Vouch(candidate_id=candidate.id, peer_id=peer.id)
    vouch.answer, vouch.reason, vouch.created_at = word, reason, utcnow()
    db.session.add(vouch)
    words = {standing.answer: standing for standing in _standing(candidate)}
    if VouchAnswer.YES in words and VouchAnswer.NO not in words:
        voucher = words[VouchAnswer.YES].peer
        _settle(candidate, UserStatus.ACTIVE, voucher)
        journal.note("signup.vouched", candidate, actor_id=voucher.id)
    else:
        _escalate_if_stuck(candidate)


def thanks(candidate: User, word: VouchAnswer) -> str:
    """Say to a peer what their word has done."""
    if candidate.status == UserStatus.ACTIVE:
        return f"Merci. {candidate.name} a maintenant un compte."
    if word == VouchAnswer.YES:
        return "Merci. Un autre membre a répondu autrement : le référent local ou l’animateur décidera."
    if word == VouchAnswer.NO:
        return "Merci. Le référent local et l’animateur sont prévenus : ils décideront."
    return "Merci, votre réponse est notée."


def decide(decider: User, candidate: User, *, approves: bool, reason: str = "") -> None:
    """Open or refuse the account of a pending sign-up, whose row is locked; the candidate is told, with the reason."""
    _settle(candidate, UserStatus.ACTIVE if approves else UserStatus.REFUSED, decider, reason)
    verb = "signup.approved" if approves else "signup.refused"
    journal.note(verb, candidate, actor_id=decider.id, reason=reason)


def verdict(candidate: User | None, reader: User) -> str:
    """Say to somebody who comes too late what has become of a sign-up."""
    if candidate is None:
        return "Cette inscription n’existe plus : elle a été retirée."
    if candidate.status == UserStatus.PENDING or candidate.decided_at is None:
        return "Cette inscription n’attend pas votre réponse."
    who = "Vous avez" if candidate.decided_by_id == reader.id else f"{_name(candidate.decided_by)} a déjà"
    done = "refusée" if candidate.status == UserStatus.REFUSED else "validée"
    return f"{who} répondu pour {candidate.name} : inscription {done} le {moment(candidate.decided_at)}."


def _name(decider):
    return decider.name if decider else "Quelqu’un"


# What the pages show ----------------------------------------------------------------------------------------------


def with_peers(viewer: Viewer) -> Select:
    """Return the query of the pending sign-ups in the viewer's own council, the longest wait first."""
    ours = (User.council_id == viewer.council_id, User.status == UserStatus.PENDING)
    return select(User).where(readable(User, viewer), *ours).order_by(User.confirmed_at, User.id)


def count_unanswered(viewer: Viewer) -> int:
    """Return how many pending sign-ups of their own council the viewer has said nothing about."""
    mine = exists().where(Vouch.candidate_id == User.id, Vouch.peer_id == viewer.user_id)
    waiting = with_peers(viewer).where(~mine).order_by(None).with_only_columns(func.count())
    return db.session.scalar(waiting)


def held(viewer: Viewer) -> Select:
    """Return the query of the sign-ups that wait for this viewer's decision, the late ones first."""
    return _in_order(select(User).where(decidable(viewer)))


def watched(viewer: Viewer) -> Select:
    """Return the query of the sign-ups that the viewer watches: those to decide, and for the animator all others."""
    is_pending = and_(User.status == UserStatus.PENDING, readable(User, viewer))
    return _in_order(select(User).where(is_pending if viewer.is_animator else decidable(viewer)))


def _in_order(query):
    order = (User.late_at.is_(None), User.escalated_at.is_(None), User.confirmed_at, User.id)
    return query.options(joinedload(User.council)).order_by(*order)


def vouch_of(peer: User, candidate: User) -> Vouch | None:
    """Return what `peer` has said so far."""
    return db.session.scalar(select(Vouch).filter_by(candidate_id=candidate.id, peer_id=peer.id))


def answers_of(peer_id: int, candidates: list[User]) -> dict[int, VouchAnswer]:
    """Return what one peer has said so far of each of these candidates."""
    ids = [candidate.id for candidate in candidates]
    said = select(Vouch.candidate_id, Vouch.answer).where(Vouch.peer_id == peer_id, Vouch.candidate_id.in_(ids))
    return dict(db.session.execute(said).all())


def vouches_on(candidate: User) -> list[Vouch]:
    """Return what was said of a sign-up, the newest last."""
    said = select(Vouch).filter_by(candidate_id=candidate.id).options(joinedload(Vouch.peer))
    return list(db.session.scalars(said.order_by(Vouch.created_at, Vouch.id)))


# The clock --------------------------------------------------------------------------------------------------------


def catch_up() -> None:
    """Hand over what the peers have left, and mark what is late: a bounded number of each, the longest wait first.

    Due-ness is in the rows, so that a missed run changes nothing. Of two processes at once, one gets each row.
    """
    waiting = select(User).where(User.status == UserStatus.PENDING).order_by(User.confirmed_at, User.id)
    waiting = waiting.limit(BATCH).with_for_update(skip_locked=True)
    for candidate in db.session.scalars(waiting.where(User.escalated_at.is_(None), _is_stuck())).all():
        _escalate(candidate)
    is_late = (User.late_at.is_(None), User.escalated_at.is_not(None), User.confirmed_at <= utcnow() - ANSWERED_WITHIN)
    for candidate in db.session.scalars(waiting.where(*is_late)).all():
        candidate.late_at = utcnow()
        dispatch.record("signup.late", candidate)


def _escalate_if_stuck(candidate):
    stuck = candidate.escalated_at is None and _is_stuck_now(candidate, _is_stuck())
    if stuck:
        _escalate(candidate)
    return stuck


def _escalate(candidate):
    candidate.escalated_at = utcnow()
    dispatch.record("signup.escalated", candidate)


def _is_stuck_now(candidate, condition):
    return db.session.scalar(select(User.id).where(User.id == candidate.id, condition)) is not None


def _is_stuck() -> ColumnElement[bool]:
    """Return the condition that a sign-up (`User`) is not left to its peers: no more of them could say yes, one says
    no, or they have had their time."""
    says_no = (Vouch.candidate_id == User.id, Vouch.peer_id == Peer.id, Vouch.answer == VouchAnswer.NO)
    is_contested = exists().where(*says_no, _is_peer(User)).correlate(User)
    return or_(is_contested, _all_have_spoken(), User.confirmed_at <= utcnow() - PEERS_HAVE)


def _all_have_spoken():
    """Return the condition that no peer is left who has said nothing; there may be none at all."""
    has_spoken = exists().where(Vouch.candidate_id == User.id, Vouch.peer_id == Peer.id).correlate(User, Peer)
    return ~exists().where(_is_peer(User), ~has_spoken).correlate(User)


def _is_peer(candidate):
    return members_of(candidate.council_id, Peer)


def _standing(candidate):
    """Return the words that count: those of present members of the council, the newest first."""
    said = select(Vouch).join(Peer, Vouch.peer_id == Peer.id).options(joinedload(Vouch.peer))
    said = said.where(Vouch.candidate_id == candidate.id, _is_peer(candidate))
    return db.session.scalars(said.order_by(Vouch.created_at.desc(), Vouch.id.desc())).all()


def _settle(candidate, status, decider, reason=""):
    candidate.status, candidate.why = status, reason
    candidate.decided_at, candidate.decided_by = utcnow(), decider
    if status == UserStatus.ACTIVE:
        subscribing.take_over(candidate)
    message = signups.approval(candidate) if status == UserStatus.ACTIVE else signups.refusal(candidate, decider)
    outbox.post_account(candidate, message, f"signup:{candidate.id}:{candidate.decided_at:%Y%m%d%H%M%S%f}")
