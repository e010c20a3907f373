"""The sending of the monthly letter: from the yes of an animator to the last mail, and its figures."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update

from app.extensions import db
from app.labels import DeliveryState, IssueState, Priority
from app.models import Delivery, NewsletterIssue, User
from app.models.newsletter import LEFT
from app.models.types import utcnow
from app.notifications import dispatch, outbox
from app.notifications.issues import UNFIT
from app.notifications.message import Message
from app.notifications.newsletter import HELD, LETTER, UNWANTED, WHY, addresses, key_of
from app.services import journal, newsletter
from app.templating import moment, month, of

RECOUNTED = timedelta(days=60)  # after the last mail: a mail that failed may be tried again by hand
TESTED_EVERY = 30  # seconds: a double click sends one test
OPEN = (DeliveryState.WAITING, DeliveryState.CLAIMED)
CHANGED = "La lettre a changé depuis : relisez-la."


class Refused(Exception):
    """The issue cannot be sent, or held back, as asked; the message says why, in French."""


class Figures(NamedTuple):
    """How an issue goes. `recipients`: how many mails are written, each of them then sent, waiting, failed or unwanted
    (who wanted no more of it before it left); `days`: how many more days the daily quota needs; `stopped`: how many
    people unsubscribed by it."""

    recipients: int
    sent: int
    waiting: int
    failed: int
    unwanted: int
    stopped: int
    days: int
    is_prepared: bool


# Said by an animator ----------------------------------------------------------------------------------------------


def schedule(issue: NewsletterIssue, at: datetime, user: User, version: int | None = None) -> None:
    """Let an issue leave at an instant, or at another one than was said before. `version`: the one that was read, if
    that was not just now. Raises `Refused`."""
    issue = _lock(issue.id)
    _require_ready(issue, version)
    if at <= utcnow():
        raise Refused("Cette date est déjà passée : choisissez un jour et une heure à venir, ou envoyez tout de suite.")
    if (issue.state, issue.send_at) == (IssueState.SCHEDULED, at):
        return
    issue.state, issue.send_at, issue.decided_by_id = IssueState.SCHEDULED, at, user.id
    journal.note("issue.scheduled", issue, actor_id=user.id, reason=moment(at))


def unschedule(issue: NewsletterIssue, user: User) -> None:
    """Take back the date at which an issue was to leave: it is a draft again. Twice is the same. Raises `Refused` once
    it leaves."""
    issue = _lock(issue.id)
    _require_before(issue)
    if issue.state == IssueState.SCHEDULED:
        issue.state, issue.send_at, issue.decided_by_id = IssueState.DRAFT, None, None
        journal.note("issue.unscheduled", issue, actor_id=user.id)


def send_now(issue: NewsletterIssue, user: User, version: int | None = None) -> None:
    """Let an issue leave at once, as `schedule` does; the job writes its mails. Twice is the same. Raises `Refused`."""
    issue = _lock(issue.id)
    if issue.state in (IssueState.LEAVING, IssueState.SENT):
        return
    _require_ready(issue, version)
    issue.send_at, issue.decided_by_id = utcnow(), user.id
    _start(issue)


def skip(issue: NewsletterIssue, user: User, version: int | None = None) -> None:
    """Let a month go by without its letter: the next one tells what this draft holds. Twice is the same. Raises
    `Refused` once it is to leave, or leaves."""
    issue = _lock(issue.id)
    if issue.state == IssueState.SKIPPED:
        return
    _require_before(issue)
    if issue.state == IssueState.SCHEDULED:
        raise Refused("Le départ de cette lettre est programmé : annulez-le d’abord.")
    _require_seen(issue, version)
    issue.state = IssueState.SKIPPED
    journal.note("issue.skipped", issue, actor_id=user.id)


def take_up(issue: NewsletterIssue, user: User) -> None:
    """Make a draft again of an issue that was skipped. Twice is the same."""
    issue = _lock(issue.id)
    if issue.state == IssueState.SKIPPED:
        issue.state = IssueState.DRAFT
        journal.note("issue.taken_up", issue, actor_id=user.id)


def stop(issue: NewsletterIssue, user: User) -> int:
    """Hold back what has not left yet; return how many mails that is. Twice is the same. Raises `Refused` when nothing
    is left to hold back."""
    issue = _lock(issue.id)
    if issue.state == IssueState.STOPPED:
        return 0
    if issue.state != IssueState.LEAVING:
        raise Refused("Il n’y a plus rien à arrêter : cette lettre n’est pas en cours d’envoi.")
    issue.state, issue.prepared_at = IssueState.STOPPED, None
    held = outbox.take_back(issue.id)
    journal.note("issue.stopped", issue, actor_id=user.id)
    return held


def resume(issue: NewsletterIssue, user: User) -> None:
    """Send what was held back, to those who still want it. Twice is the same. Raises `Refused` when nothing was."""
    issue = _lock(issue.id)
    if issue.state == IssueState.LEAVING:
        return
    if issue.state != IssueState.STOPPED:
        raise Refused("L’envoi de cette lettre n’est pas arrêté.")
    issue.state = IssueState.LEAVING
    held = (Delivery.issue_id == issue.id, Delivery.state == DeliveryState.FAILED, Delivery.error == HELD)
    again = update(Delivery).where(*held, Delivery.recipient != "").execution_options(synchronize_session=False)
    db.session.execute(again.values(state=DeliveryState.WAITING, next_attempt_at=utcnow(), error=""))
    journal.note("issue.resumed", issue, actor_id=user.id)


def send_test(issue: NewsletterIssue, user: User) -> bool:
    """Post an issue as it is now to the animator `user` alone; False: a double click, it is posted already. Raises
    `Refused`."""
    content = issue.content if issue.has_left else newsletter.compose(issue)
    subject = f"[Essai] {content['subject']}"
    told = Message(subject, ("Voici la lettre, comme ses lecteurs la recevraient.",), why="vous avez demandé cet essai")
    key = f"letter-test:{issue.id}:{issue.version}:{user.id}:{int(utcnow().timestamp()) // TESTED_EVERY}"
    row = outbox.row(told, to=user.email, key=key, kind="issue", priority=Priority.ACCOUNT, name=user.name)
    row["content"]["letter"] = content
    return outbox.post_many([row]) == 1


def _lock(issue_id):
    # « key_share »: the deliveries that are being written refer to the row, and need not wait.
    issue = select(NewsletterIssue).where(NewsletterIssue.id == issue_id).with_for_update(key_share=True)
    return db.session.scalars(issue.execution_options(populate_existing=True)).one()


def _require_before(issue):
    if issue.has_left:
        raise Refused("Cette lettre est déjà partie, ou en train de partir.")


def _require_ready(issue, version):
    """Refuse an issue that may not leave by the word that is given now."""
    _require_before(issue)
    if issue.state == IssueState.SKIPPED:
        raise Refused("Vous avez choisi de ne pas envoyer cette lettre : reprenez-la d’abord.")
    _require_seen(issue, version)
    _require_newest(issue)
    _require_fit(issue)


def _require_seen(issue, version):
    if version is not None and version != issue.version:
        raise Refused(CHANGED)


def _require_newest(issue):
    """Refuse a draft that a newer issue has told already."""
    for one in newsletter.newer(issue):
        if one.state in (IssueState.SCHEDULED, *LEFT):
            said = "est programmée" if one.state == IssueState.SCHEDULED else "est déjà partie"
            raise Refused(
                f"La lettre {of(month(one.month))} {said} : elle raconte aussi ce qui est dans celle-ci. Pour ne rien "
                "dire deux fois, celle-ci ne peut plus partir."
            )


def _require_fit(issue):
    content = newsletter.compose(issue)
    if not content["subject"].strip():
        raise Refused("Donnez un objet à la lettre avant de l’envoyer.")
    if not content["sections"] and not content["introduction"].strip():
        raise Refused("Cette lettre est vide : ajoutez-y au moins un mot avant de l’envoyer.")


# Done by the job --------------------------------------------------------------------------------------------------


def is_any_due() -> bool:
    """Tell whether the job has something to do."""
    due = or_(is_due(), is_unprepared(), has_ended())
    return db.session.scalar(select(NewsletterIssue.id).where(due).limit(1)) is not None


def is_due() -> ColumnElement[bool]:
    """Return the condition of an issue that is to leave now."""
    return and_(NewsletterIssue.state == IssueState.SCHEDULED, NewsletterIssue.send_at <= utcnow())


def is_unprepared() -> ColumnElement[bool]:
    """Return the condition of an issue whose mails are not all written yet."""
    return and_(NewsletterIssue.state == IssueState.LEAVING, NewsletterIssue.prepared_at.is_(None))


def has_ended() -> ColumnElement[bool]:
    """Return the condition of an issue that leaves and whose last mail is settled."""
    open_ones = select(Delivery.id).where(Delivery.issue_id == NewsletterIssue.id, Delivery.state.in_(OPEN)).exists()
    is_leaving = and_(NewsletterIssue.state == IssueState.LEAVING, NewsletterIssue.prepared_at.is_not(None))
    return and_(is_leaving, ~open_ones)


def start_due(issue_id: int) -> bool:
    """Begin to send an issue whose instant has come; False: it was taken back meanwhile, or another was first.

    What stood in it may be gone since its date was chosen. An issue with nothing left to say is a draft again, and the
    animators are told.
    """
    issue = _lock(issue_id)
    if issue.state != IssueState.SCHEDULED or issue.send_at > utcnow():
        return False
    try:
        _require_fit(issue)
    except Refused as refusal:
        issue.state, issue.send_at, issue.decided_by_id = IssueState.DRAFT, None, None
        journal.note(UNFIT, issue, actor_id=None, reason=str(refusal))
        dispatch.record(UNFIT, issue)
        return True
    _start(issue)
    return True


def _start(issue):
    """Draw up, once and for all its readers, what an issue says."""
    issue.content = newsletter.compose(issue)
    issue.state, issue.started_at = IssueState.LEAVING, utcnow()
    journal.note("issue.sent", issue, actor_id=issue.decided_by_id)


def count_recipients() -> int:
    """Return how many people the letter would be sent to now."""
    return db.session.scalar(select(func.count()).select_from(addresses().subquery()))


def missing(issue_id: int) -> list[dict]:
    """Return the deliveries of an issue that are not written yet, for `prepare`: one to each person who wants the
    letter. It only reads, but it may read long."""
    content = db.session.get(NewsletterIssue, issue_id, populate_existing=True).content
    told = Message(
        content["subject"],
        (f"La lettre de {content['month']} : tous ses lecteurs reçoivent le même texte.",),
        link=("Lire la lettre sur le site", content["address"]),
        why=WHY,
    )
    return [_row(told, issue_id, person) for person in db.session.execute(addresses(without=issue_id))]


def _row(told, issue_id, person):
    about = {"kind": LETTER, "priority": Priority.LETTER, "issue_id": issue_id, "person_id": person.user_id}
    key = key_of(issue_id, person.user_id, person.address)
    return outbox.row(told, to=person.address, key=key, name=person.name, **about)


def prepare(issue_id: int, lot: list[dict]) -> bool:
    """Write some of the deliveries that are `missing`, those that are there already aside; False: the issue does not
    leave any more."""
    if _lock(issue_id).state != IssueState.LEAVING:
        return False
    outbox.post_many(lot)
    return True


def note_prepared(issue_id: int) -> None:
    """Note that all the deliveries of an issue are written, if they are: those written before it was held back for a
    while are not there any more."""
    issue = _lock(issue_id)
    if issue.state != IssueState.LEAVING or db.session.execute(addresses(without=issue_id).limit(1)).first():
        return
    issue.prepared_at = issue.prepared_at or utcnow()
    issue.recipients = sum(_counts(issue_id).values())


def finish(issue_id: int) -> None:
    """Note that the last mail of an issue is settled."""
    issue = _lock(issue_id)
    counts = _counts(issue_id)
    if issue.state == IssueState.LEAVING and issue.prepared_at and not any(counts[state] for state in OPEN):
        issue.state, issue.ended_at = IssueState.SENT, utcnow()
        _note_counts(issue, counts)


def recount(issue_id: int) -> None:
    """Bring the figures of an issue up to date: a mail that failed may have left since."""
    _note_counts(_lock(issue_id), _counts(issue_id))


def to_recount() -> Iterator[int]:
    """Yield the issues that were sent lately and whose figures are not right any more."""
    lately = (NewsletterIssue.state == IssueState.SENT, NewsletterIssue.ended_at > utcnow() - RECOUNTED)
    for issue in db.session.scalars(select(NewsletterIssue).where(*lately)).all():
        counts = _counts(issue.id)
        if any(counts.values()) and (issue.sent, issue.failed, issue.unwanted) != _settled(counts):
            yield issue.id


def _counts(issue_id):
    """Return how many deliveries of an issue there are in each state; those that did not leave because nobody wanted
    them any more apart, as `UNWANTED`."""
    is_unwanted = and_(Delivery.state == DeliveryState.FAILED, Delivery.error.in_([UNWANTED, outbox.UNWANTED]))
    outcome = case((is_unwanted, UNWANTED), else_=Delivery.state).label("outcome")
    counted = select(outcome, func.count()).where(Delivery.issue_id == issue_id).group_by(outcome)
    return dict.fromkeys([*DeliveryState, UNWANTED], 0) | dict(db.session.execute(counted).all())


def _note_counts(issue, counts):
    issue.sent, issue.failed, issue.unwanted = _settled(counts)


def _settled(counts):
    """Return how many mails were sent, failed, and were not wanted any more."""
    failed = counts[DeliveryState.FAILED] + counts[DeliveryState.TO_CHECK]
    return counts[DeliveryState.SENT], failed, counts[UNWANTED]


def figures(issue: NewsletterIssue) -> Figures:
    """Return how an issue goes: as it is now while it leaves, as it ended afterwards."""
    told = {"recipients": issue.recipients, "stopped": issue.stopped, "is_prepared": issue.prepared_at is not None}
    if issue.state == IssueState.SENT:
        settled = issue.sent, issue.failed, issue.unwanted
        return Figures(waiting=0, days=0, **told | _named(settled))
    counts = _counts(issue.id)
    waiting = sum(counts[state] for state in OPEN)
    days = outbox.forecast().get(Priority.LETTER, (0, 0))[1] if waiting else 0
    told["recipients"] = issue.recipients or sum(counts.values())
    return Figures(waiting=waiting, days=days, **told | _named(_settled(counts)))


def _named(settled):
    return dict(zip(("sent", "failed", "unwanted"), settled, strict=True))
