"""Who gets the monthly letter: asked for, confirmed and ended, by a form, an account or the link of a mail."""

from datetime import timedelta

from sqlalchemy import delete, exists, func, select, update

from app import signing
from app.extensions import db, insert
from app.labels import OPEN, Channel, Priority
from app.models import Delivery, NewsletterIssue, Subscriber, User
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.links import site_address
from app.notifications.message import Message
from app.notifications.newsletter import LETTER
from app.services import accounts
from app.signing import AROUND, BadToken

KEPT = timedelta(days=7)  # how long the links work
JOIN, LEAVE = "letter-join", "letter-leave"  # what a link is for
PAUSE = 600  # seconds between two mails that say the same
WHY = "cette adresse a été donnée sur la page de la lettre d’information"
NOT_ME = "Vous n’avez rien demandé ? Ne faites rien : sans vous, rien ne change."
STOPPED_BY = "Cette personne s’est désabonnée par ce message."


# By the form of everybody -----------------------------------------------------------------------------------------


def ask(email: str, purpose: str) -> None:
    """Post the link that subscribes an address (`JOIN`), or ends that (`LEAVE`), once in ten minutes at most. Nothing
    is kept of it before its owner has confirmed."""
    email = accounts.normal_email(email)
    outbox.try_address_again(Channel.MAIL, email)
    key = f"{purpose}:{email}:{int(utcnow().timestamp()) // PAUSE}"
    outbox.post(_question(email, purpose), to=email, key=key, kind="account", priority=Priority.ACCOUNT)


def _question(email, purpose):
    is_to_join = purpose == JOIN
    if is_subscribed(email) == is_to_join:
        return _already(is_to_join)
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
        link=(button, site_address(endpoint, token=signing.sign(purpose, email))),
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


def by_token(purpose: str, token: str) -> str:
    """Return the address that a link is about. Raises `BadToken` for one that is cut or too old."""
    email = signing.read(purpose, token.strip(AROUND), int(KEPT.total_seconds()))
    if not isinstance(email, str):
        raise BadToken
    return email


def is_subscribed(email: str) -> bool:
    """Tell whether the letter goes to an address, or will as soon as its account is open."""
    if outbox.is_stopped(Channel.MAIL, email, LETTER):
        return False
    by_account = exists().where(User.email == email, User.status.in_(OPEN), User.letter_since.is_not(None))
    outside = exists().where(Subscriber.address == email, Subscriber.confirmed_at.is_not(None))
    return db.session.scalar(select(by_account | outside))


def confirm(email: str) -> None:
    """Let the letter go to an address whose owner has confirmed: by their account where there is one. It lifts what
    they had stopped; twice is the same."""
    user = _account(email)
    if user:
        wish(user, wants=True)
    else:
        now = utcnow()
        new = insert(Subscriber).values(address=email, created_at=now, confirmed_at=now)
        confirmed = {"confirmed_at": func.coalesce(Subscriber.confirmed_at, now)}
        db.session.execute(new.on_conflict_do_update(index_elements=["address"], set_=confirmed))
        outbox.resume(Channel.MAIL, email, outbox.ALL)
    outbox.switch_on(Channel.MAIL, email)


def end(email: str) -> None:
    """Let the letter go to an address no more, by an account or without; twice is the same."""
    if user := _account(email):
        user.letter_since = None
    _forget(email)
    db.session.flush()


def _account(email):
    """Return the open account with an address, locked."""
    user = select(User).where(User.email == email, User.status.in_(OPEN)).with_for_update(key_share=True)
    return db.session.scalar(user.execution_options(populate_existing=True))


def _forget(email):
    db.session.execute(delete(Subscriber).where(Subscriber.address == email))


# By an account ----------------------------------------------------------------------------------------------------


def wish(user: User, *, wants: bool) -> None:
    """Note whether somebody wants the letter by their account, whose row is locked. A date that stands is kept: it is
    the proof that it was asked for."""
    user.letter_since = (user.letter_since or utcnow()) if wants else None
    _forget(user.email)  # as an account has it, or has not: once
    if wants:
        outbox.resume(Channel.MAIL, user.email, LETTER)
    db.session.flush()


def take_over(user: User) -> None:
    """Let the account of somebody who had subscribed without one get the letter in its place."""
    since = db.session.scalar(select(Subscriber.confirmed_at).where(Subscriber.address == user.email))
    if since:
        user.letter_since = user.letter_since or since
    _forget(user.email)
    db.session.flush()


# By the link of a mail --------------------------------------------------------------------------------------------


def stop(delivery: Delivery, kind: str) -> None:
    """Stop one kind of messages (or `outbox.ALL`) for whoever got a message. The letter is then not only held back: it
    is not asked for any more."""
    if delivery.channel == Channel.MAIL and kind == LETTER:
        end(delivery.recipient)
    elif delivery.channel == Channel.MAIL and kind == outbox.ALL:
        _forget(delivery.recipient)
    outbox.stop(delivery.channel, delivery.recipient, kind)
    if delivery.issue_id:
        _count_stop(delivery)


def resume(delivery: Delivery, kind: str) -> None:
    """Let one kind of messages (or `outbox.ALL`) come again to whoever got a message; the letter to whoever got it."""
    outbox.resume(delivery.channel, delivery.recipient, kind)
    if delivery.kind == LETTER and delivery.issue_id:
        confirm(delivery.recipient)


def _count_stop(delivery):
    """Count, once for each mail of an issue, that it made somebody unsubscribe."""
    row = update(Delivery).where(Delivery.id == delivery.id, Delivery.error != STOPPED_BY)
    if db.session.execute(row.values(error=STOPPED_BY)).rowcount:
        issue = update(NewsletterIssue).where(NewsletterIssue.id == delivery.issue_id)
        db.session.execute(issue.values(stopped=NewsletterIssue.stopped + 1))


def purge() -> int:
    """Delete the addresses that nobody has confirmed in time; return how many."""
    old = (Subscriber.confirmed_at.is_(None), Subscriber.created_at <= utcnow() - KEPT)
    return db.session.execute(delete(Subscriber).where(*old)).rowcount
