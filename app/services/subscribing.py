"""Who gets the monthly letter: asked for, confirmed and ended, by a form, an account or the link of a mail."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select, update

from app import signing
from app.extensions import db, insert_once
from app.labels import OPEN, Channel, DeliveryState, Priority, UserStatus
from app.models import Delivery, NewsletterIssue, Subscriber, User
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.links import site_address
from app.notifications.message import Message
from app.notifications.newsletter import HELD, LETTER, UNWANTED, key_of
from app.services import accounts
from app.signing import AROUND, BadToken

KEPT = timedelta(days=7)  # how long the links work, and the mails that bear them are kept
JOIN, LEAVE = "letter-join", "letter-leave"  # what a link is for
PAUSE = 600  # seconds between two mails that say the same
WHY = "cette adresse a été donnée sur la page de la lettre d’information"
NOT_ME = "Vous n’avez rien demandé ? Ne faites rien : sans vous, rien ne change."
TO_COME = (DeliveryState.WAITING, DeliveryState.CLAIMED)
STOPPED_BY = "Cette personne s’est désabonnée par ce message."


# By the form of everybody -----------------------------------------------------------------------------------------


def ask(email: str, purpose: str) -> None:
    """Post the link that subscribes an address (`JOIN`), or ends that (`LEAVE`), once in ten minutes at most. Nothing
    else is kept of it before its owner has confirmed."""
    email = accounts.normal_email(email)
    outbox.try_address_again(Channel.MAIL, email)
    digest = hashlib.sha256(email.encode()).hexdigest()[:32]
    key = f"{purpose}:{digest}:{int(utcnow().timestamp()) // PAUSE}"
    columns = {"to": email, "key": key, "kind": "account", "priority": Priority.ACCOUNT}
    is_asked = is_subscribed(email) if purpose == JOIN else is_asked_for(email)
    if is_asked == (purpose == JOIN):
        outbox.post(_already(is_asked), **columns)
    elif outbox.post(_question(purpose, ""), **columns, useful_until=utcnow() + KEPT):
        # Its link holds the number of the mail, known by now: browsers and journals would keep an address.
        row = db.session.scalars(select(Delivery).filter_by(key=key)).one()
        row.content = _question(purpose, signing.sign(purpose, row.id)).to_json()
        db.session.flush()


def _question(purpose, token):
    is_to_join = purpose == JOIN
    endpoint = "public.newsletter.confirm" if is_to_join else "public.newsletter.leave"
    wish, button = ("recevoir", "Confirmer") if is_to_join else ("ne plus recevoir", "Me désabonner")
    return Message(
        "Confirmez votre abonnement à la lettre" if is_to_join else "Ne plus recevoir la lettre",
        (
            "Bonjour,",
            f"Vous avez demandé à {wish} la lettre d’information du site à cette adresse. Il reste une étape : ouvrez "
            f"le lien ci-dessous, puis appuyez sur le bouton « {button} ».",
            f"Ce lien marche {KEPT.days} jours. {NOT_ME}",
        ),
        link=(button, site_address(endpoint, token=token)),
        why=WHY,
    )


def _already(is_subscribed):
    state = "vous recevez déjà" if is_subscribed else "vous ne recevez pas"
    hint = "" if is_subscribed else " Elle vous arrive peut-être à une autre adresse : recommencez avec celle-là."
    return Message(
        "La lettre d’information",
        ("Bonjour,", f"Rien n’a changé : {state} la lettre d’information du site à cette adresse.{hint}", NOT_ME),
        link=("La page de la lettre", site_address("public.newsletter.index")),
        why=WHY,
    )


def by_token(purpose: str, token: str) -> Delivery:
    """Return the mail whose link this is: its `recipient` is the address that asked. Raises `BadToken` for a link that
    is cut or too old."""
    number = signing.read(purpose, token.strip(AROUND), int(KEPT.total_seconds()))
    delivery = db.session.get(Delivery, number) if isinstance(number, int) else None
    if delivery is None or not delivery.recipient:
        raise BadToken(is_expired=True)
    return delivery


def is_subscribed(email: str) -> bool:
    """Tell whether the letter goes to an address."""
    return not outbox.is_stopped(Channel.MAIL, email, LETTER) and _is_asked(email, [UserStatus.ACTIVE])


def is_asked_for(email: str) -> bool:
    """Tell whether the letter goes to an address, or will as soon as its account is open, or all messages of the site
    are wanted again there."""
    return LETTER not in outbox.stops(Channel.MAIL, email) and _is_asked(email, OPEN)


def _is_asked(email, statuses):
    by_account = exists().where(User.email == email, User.status.in_(statuses), User.letter_since.is_not(None))
    return db.session.scalar(select(by_account | exists().where(Subscriber.address == email)))


def confirm(email: str, asked_at: datetime | None = None) -> None:
    """Let the letter go to an address whose owner has confirmed: by their account where one is open. It lifts what
    they had stopped; twice is the same. `asked_at`: when they had asked, if not just now."""
    user = _account(email, [UserStatus.ACTIVE])
    if user:
        wish(user, wants=True)
    else:
        now = utcnow()
        new = insert_once(Subscriber, ["address"])
        db.session.execute(new.values(address=email, created_at=asked_at or now, confirmed_at=now))
        outbox.resume(Channel.MAIL, email, outbox.ALL)
    outbox.switch_on(Channel.MAIL, email)


def end(email: str) -> None:
    """Let the letter go to an address no more, by an account or without; twice is the same."""
    if user := _account(email, OPEN):
        user.letter_since = None
    _forget(email)
    db.session.flush()


def _account(email, statuses):
    """Return the account with an address, locked, if it is in one of these states."""
    user = select(User).where(User.email == email, User.status.in_(statuses)).with_for_update(key_share=True)
    return db.session.scalar(user.execution_options(populate_existing=True))


def _forget(email):
    db.session.execute(delete(Subscriber).where(Subscriber.address == email))


# By an account ----------------------------------------------------------------------------------------------------


def wish(user: User, *, wants: bool) -> None:
    """Note whether somebody wants the letter by their account, whose row is locked. A date that stands is kept: it is
    the proof that it was asked for. Until the account is open, it still comes to who had subscribed without one."""
    user.letter_since = (user.letter_since or utcnow()) if wants else None
    if user.status == UserStatus.ACTIVE or not wants:
        _forget(user.email)  # as an account has it, or has not: once
    if wants:
        outbox.resume(Channel.MAIL, user.email, LETTER)
    db.session.flush()


def take_over(user: User) -> None:
    """Let an account that is open get the letter in the place of its address, where that had subscribed without it."""
    if user.status != UserStatus.ACTIVE:
        return
    since = db.session.scalar(select(Subscriber.confirmed_at).where(Subscriber.address == user.email))
    if since:
        user.letter_since = user.letter_since or since
    _forget(user.email)
    db.session.flush()


def move(user: User, former: str) -> None:
    """Let the letter follow somebody to the address that they have now, each issue once: what waits goes there, and
    what has gone to the former one is known to be theirs."""
    subscription = select(Subscriber.created_at, Subscriber.confirmed_at).where(Subscriber.address == former)
    if dates := db.session.execute(subscription).one_or_none():
        db.session.execute(insert_once(Subscriber, ["address"]).values(address=user.email, **dates._mapping))
        _forget(former)
    theirs = (Delivery.recipient == former, Delivery.channel == Channel.MAIL, Delivery.kind == LETTER)
    of_issues = select(Delivery).where(*theirs, Delivery.issue_id.is_not(None)).order_by(Delivery.id)
    for row in db.session.scalars(of_issues.with_for_update(of=Delivery)).all():
        row.person_id = user.id
        if row.state in TO_COME or (row.state, row.error) == (DeliveryState.FAILED, HELD):
            _readdress(row, user)
    db.session.flush()


def _readdress(row, user):
    there = or_(Delivery.recipient == user.email, Delivery.key == key_of(row.issue_id, user.id, user.email))
    there = select(Delivery.id).where(there, Delivery.issue_id == row.issue_id, Delivery.id != row.id)
    if db.session.scalar(there.limit(1)):
        row.state, row.error = DeliveryState.FAILED, UNWANTED
    else:
        row.recipient, row.key = user.email, key_of(row.issue_id, user.id, user.email)


# By the link of a mail --------------------------------------------------------------------------------------------


def stop(delivery: Delivery, kind: str) -> None:
    """Stop one kind of messages (or `outbox.ALL`) for whoever got a message. The letter is then not only held back: it
    is not asked for any more. All that is stopped may come again as it was."""
    if delivery.channel == Channel.MAIL and kind == LETTER:
        end(delivery.recipient)
    outbox.stop(delivery.channel, delivery.recipient, kind)
    if delivery.issue_id:
        _count_stop(delivery)


def resume(delivery: Delivery, kind: str) -> None:
    """Let one kind of messages (or `outbox.ALL`) come again to whoever got a message; the letter to whoever got it."""
    outbox.resume(delivery.channel, delivery.recipient, kind)
    if kind == LETTER and delivery.issue_id:
        confirm(delivery.recipient)


def _count_stop(delivery):
    """Count, once for each mail of an issue, that it made somebody unsubscribe."""
    row = update(Delivery).where(Delivery.id == delivery.id, Delivery.error != STOPPED_BY)
    if db.session.execute(row.values(error=STOPPED_BY)).rowcount:
        issue = update(NewsletterIssue).where(NewsletterIssue.id == delivery.issue_id)
        db.session.execute(issue.values(stopped=NewsletterIssue.stopped + 1))


# What is kept -----------------------------------------------------------------------------------------------------


def purge() -> int:
    """Empty the mails with a link that works no more, so that no address is kept for a mere question; return how
    many."""
    return outbox.empty(is_question(), Delivery.created_at <= utcnow() - KEPT)


def is_question() -> ColumnElement[bool]:
    """Return the condition of a mail that asks for a yes, or says that there is nothing to change."""
    return or_(*(Delivery.key.startswith(f"{purpose}:") for purpose in (JOIN, LEAVE)))
