"""A new password, or a new mail address, each by a link that is good for one use."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.labels import OPEN, Channel, Priority, UserStatus
from app.models import Address, Delivery, User
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.links import site_address
from app.notifications.message import Message
from app.services import accounts, closing, signups, subscribing
from app.signing import BadToken, read, sign
from app.templating import moment

RESET_FOR, CHANGE_FOR = timedelta(hours=1), timedelta(hours=24)
INVITED_FOR = timedelta(days=7)
NOT_ME = "Si ce n’est pas vous, choisissez tout de suite un nouveau mot de passe avec le lien ci-dessous."


class AddressTaken(ValueError):
    """The new address became somebody else's between the mail and its link."""


# A new password --------------------------------------------------------------------------------------------------


def offer_reset(email: str) -> None:
    """Post the link for a new password to an address, if its account is one that opens.

    Where the address itself is not confirmed, the link that confirms it comes instead.
    """
    user = accounts.by_email(email)
    if user and user.status == UserStatus.UNCONFIRMED:
        signups.ask_to_confirm(user)
    elif user and user.status in OPEN:
        _post(user, Message(
            "Choisir un nouveau mot de passe",
            (f"Bonjour {user.first_name},",
             "Un nouveau mot de passe a été demandé pour votre compte. Ouvrez ce lien dans l’heure pour le choisir. "
             "Il ne sert qu’une fois.",
             "Si vous n’avez rien demandé, ne faites rien : votre mot de passe reste le même."),
            ("Choisir un nouveau mot de passe", reset_address(user)),
        ), useful_until=utcnow() + RESET_FOR)  # fmt: skip


def reset_address(user: User) -> str:
    """Return where the owner of an account chooses its password: good once, for an hour."""
    return site_address("account.passwords.reset", token=sign("reset", [user.id, _mark(user)]))


def invitation_address(user: User) -> str:
    """Return where somebody whom the site invites chooses their first password: good once, for seven days."""
    return site_address("account.passwords.reset", token=sign("invitation", [user.id, _mark(user)]))


def by_reset_token(token: str, *, lock: bool = False) -> User:
    """Return the account whose password this link changes. Raises `BadToken` once it is used or too old."""
    user_id, mark = _values(_read_reset(token), 2)
    user = _open_one(user_id, lock)
    if _mark(user) != mark:
        raise BadToken(is_expired=True)
    return user


def _read_reset(token):
    try:
        return read("reset", token, RESET_FOR.total_seconds())
    except BadToken as error:
        if error.is_expired:
            raise
    return read("invitation", token, INVITED_FOR.total_seconds())


def reset_password(user: User, password_hash: str) -> None:
    """Set the password of somebody who had forgotten it: every login ends, the present browser's too."""
    user.token = None
    change_password(user, password_hash)


def change_password(user: User, password_hash: str) -> None:
    """Change the password and tell its owner by mail; whoever is logged in elsewhere is not any more."""
    accounts.set_password(user, password_hash)
    _post(user, Message(
        "Votre mot de passe a été changé",
        (f"Bonjour {user.first_name},",
         f"Le mot de passe de votre compte a été changé le {moment(utcnow())}. Les autres appareils où votre compte "
         "était ouvert sont déconnectés.",
         f"Si c’est vous, il n’y a rien à faire. {NOT_ME}"),
        ("Choisir un nouveau mot de passe", site_address("account.passwords.forgotten")),
    ))  # fmt: skip


# A new address ---------------------------------------------------------------------------------------------------


def ask_new_address(user: User, email: str) -> None:
    """Post a link to the new address, and a word to the present one. An address that has an account gets no link:
    its owner is told, and the person who asked sees no difference."""
    other = accounts.by_email(email)
    if other is None or other.status == UserStatus.UNCONFIRMED:
        _post_link(user, email, "Confirmer votre nouvelle adresse", "cette adresse a été indiquée sur ce site")
    else:
        _post(other, Message(
            "Votre adresse a déjà un compte",
            (f"Bonjour {other.first_name},",
             "Quelqu’un, peut-être vous, a voulu donner votre adresse à un autre compte du site. Rien n’a changé : "
             "cette adresse reste celle de votre compte.",
             "Si vous avez deux comptes, fermez d’abord celui qui ne sert plus."),
            ("Se connecter", site_address("account.sessions.new")),
        ))  # fmt: skip
    _post(user, Message(
        "Changement d’adresse demandé",
        (f"Bonjour {user.first_name},",
         f"Un changement d’adresse a été demandé pour votre compte : {email} remplacera celle-ci dès qu’elle sera "
         "confirmée.",
         f"Si c’est vous, il n’y a rien à faire ici : ouvrez le courriel envoyé à la nouvelle adresse. {NOT_ME}"),
        ("Choisir un nouveau mot de passe", site_address("account.passwords.forgotten")),
    ))  # fmt: skip


def ask_to_prove(user: User) -> None:
    """Let one more mail go to an address that is switched off, with the link that proves that it works again."""
    outbox.try_address_again(Channel.MAIL, user.email)
    _post_link(user, user.email, "Confirmer votre adresse", "vous avez un compte sur ce site")


def by_address_token(token: str, *, lock: bool = False) -> tuple[User, str]:
    """Return an account and the address that this link gives it. Raises `BadToken`.

    Once the address is the account's, the link still says so: mail programs open links more than once.
    """
    user_id, email, mark = _values(read("address", token, CHANGE_FOR.total_seconds()), 3)
    user = _open_one(user_id, lock)
    if user.email != email and _mark(user) != mark:
        raise BadToken(is_expired=True)
    return user, email


def is_proved(user: User, email: str) -> bool:
    """Tell whether an address is the account's already, and has refused nothing since it was last proved."""
    refused = select(Address.id).filter_by(channel=Channel.MAIL, address=email).where(Address.refusals > 0)
    return user.email == email and db.session.scalar(refused) is None


def change_address(user: User, email: str) -> bool:
    """Give `user` this confirmed address and tell the former one; return whether it was another one.

    Raises `AddressTaken`. A sign-up that never confirmed the address yields to whoever does.
    """
    outbox.switch_on(Channel.MAIL, email)
    former = user.email
    if former == email:
        return False
    unproved = select(User).where(User.email == email, User.status == UserStatus.UNCONFIRMED)
    if other := db.session.scalar(unproved.with_for_update()):
        db.session.delete(other)
        db.session.flush()
    try:
        with db.session.begin_nested():
            user.email = email
    except IntegrityError as error:
        raise AddressTaken from error
    subscribing.move(user, former)
    outbox.empty(Delivery.channel == Channel.MAIL, Delivery.recipient == former)  # no closing would find it
    subscribing.take_over(user)
    told = Message(
        "Votre adresse a été changée",
        (f"Bonjour {user.first_name},",
         f"L’adresse de votre compte a été changée le {moment(utcnow())} : c’est maintenant {email}. Le site n’écrira "
         "plus à celle-ci.",
         "Si ce n’est pas vous, écrivez-nous sans attendre."),
        ("Nous écrire", site_address("public.pages.contact")),
    )  # fmt: skip
    last = {"kind": closing.LAST, "priority": Priority.ACCOUNT}  # it is emptied once it has left
    outbox.post(told, to=former, name=f"{user.first_name} {user.last_name}", key=_key(user), **last)
    return True


def _post_link(user, email, subject, why):
    address = site_address("account.profile.confirm", token=sign("address", [user.id, email, _mark(user)]))
    _post(user, Message(
        subject,
        (f"Bonjour {user.first_name},",
         "Ouvrez ce lien dans les 24 heures, puis appuyez sur le bouton : cette adresse sera celle de votre compte.",
         "Si vous n’avez rien demandé, ne faites rien."),
        (subject, address),
        why=why,
    ), to=email, useful_until=utcnow() + CHANGE_FOR)  # fmt: skip


def _post(user, message, *, to="", **columns):
    outbox.post_account(user, message, _key(user), to=to, **columns)


def _key(user):
    return f"renewal:{user.id}:{secrets.token_hex(8)}"  # asked twice, it is written twice


def _mark(user):
    """Return what a link holds of the present state: it is dead once the password or the address has changed."""
    return hashlib.sha256(f"{user.password_hash}\0{user.email}".encode()).hexdigest()[:24]


def _open_one(user_id, lock):
    user = select(User).where(User.id == user_id, User.status.in_(OPEN))
    user = db.session.scalar(user.with_for_update() if lock else user)
    if user is None:
        raise BadToken(is_expired=True)
    return user


def _values(value, count):
    if not isinstance(value, list) or len(value) != count:
        raise BadToken
    return value
