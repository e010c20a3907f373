"""Sign-ups, from the form to the confirmed address; and their end, when they are withdrawn or forgotten."""

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import and_, delete, func, inspect, or_, select

from app import signing
from app.access import members_of
from app.extensions import db, insert
from app.labels import OPEN, TEXTED, Channel, Role, UserStatus
from app.models import AlertChoice, Council, Delivery, Login, Territory, User, Vouch
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.links import site_address
from app.notifications.message import Message
from app.services import accounts, alerts, closing, validation
from app.signing import BadToken
from app.templating import day, moment

KEPT = timedelta(days=7)  # a sign-up whose address is not confirmed
REFUSED_KEPT = closing.GRACE  # during which that council stays closed to who was refused
PAUSE = 600  # seconds between two mails that say the same
NOT_ME = "Vous n’avez rien demandé ? Ne faites rien : sans vous, rien ne s’ouvre."
PAST = ("confirmed_at", "escalated_at", "late_at", "decided_at", "decided_by_id", "phone_confirmed_at")
AFRESH = dict.fromkeys(PAST) | {"why": ""}  # what nothing is left of in a sign-up that begins anew


# Signing up -------------------------------------------------------------------------------------------------------


def sign_up(council: Council, *, email: str, by_sms: bool, wants_letter: bool, **columns) -> None:
    """Keep a sign-up until its address is confirmed, and post the link that does so.

    Where the address has an account already, only its owner is told. Of several forms that nobody has confirmed, the
    last one counts. Who was refused in one council may begin anew in another. `columns` are of `User`.
    """
    email, now = accounts.normal_email(email), utcnow()
    columns |= {"council_id": council.id, "letter_since": now if wants_letter else None, "created_at": now}
    columns |= {"status": UserStatus.UNCONFIRMED}
    is_refused = and_(User.status == UserStatus.REFUSED, User.council_id.is_distinct_from(council.id))
    is_open = or_(User.status == UserStatus.UNCONFIRMED, is_refused)
    new = insert(User).values(email=email, **columns)
    db.session.execute(new.on_conflict_do_update(index_elements=["email"], set_=columns | AFRESH, where=is_open))
    theirs = select(User).where(User.email == email).with_for_update()
    user = db.session.scalar(theirs.execution_options(populate_existing=True))
    if user.status != UserStatus.UNCONFIRMED:
        return _tell_owner(user)
    db.session.execute(delete(Vouch).where(Vouch.candidate_id == user.id))  # of the sign-up that was refused
    db.session.execute(delete(Login).where(Login.user_id == user.id))
    _choose_texts(user, by_sms)
    ask_to_confirm(user)


def _choose_texts(user, by_sms):
    """Write down that alerts come by SMS too, once the number is confirmed; without a choice, they do not."""
    db.session.execute(delete(AlertChoice).where(AlertChoice.user_id == user.id))
    if by_sms:
        alerts.set_choices(user, {topic: (alerts.DEFAULTS[topic].rhythm, True) for topic in TEXTED})


def ask_to_confirm(user: User) -> datetime | None:
    """Post the mail with the link that confirms the address of `user`, once in ten minutes at most; return when the
    last one was posted.

    Nothing happens when the sign-up was confirmed, or erased, since `user` was read: None.
    """
    user = db.session.get(User, inspect(user).identity)
    if user is None or user.status != UserStatus.UNCONFIRMED:
        return None
    outbox.try_address_again(Channel.MAIL, user.email)
    address = site_address("account.signups.confirm", token=signing.sign("confirm", user.id))
    message = Message(
        "Confirmez votre adresse pour finir votre inscription",
        (
            f"Bonjour {user.name},",
            f"Vous vous êtes inscrit au conseil citoyen {_council(user)}. Pour continuer, ouvrez le lien ci-dessous, "
            "tapez le mot de passe que vous avez choisi, puis appuyez sur le bouton « Oui, c’est mon adresse ».",
            f"Ce lien marche jusqu’au {moment(user.created_at + KEPT)}. Après, l’inscription est effacée.",
            f"Le lien ne s’ouvre pas ? Copiez-le en entier dans la barre d’adresse de votre navigateur. {NOT_ME}",
        ),
        link=("Confirmer mon adresse", address),
        why="cette adresse a été donnée pour s’inscrire sur ce site",
    )
    key = f"confirm:{user.id}:{_slot()}"
    outbox.post_account(user, message, key)
    return db.session.scalar(select(Delivery.created_at).filter_by(key=key))


def _council(user):
    return user.council.name if user.council else "de votre quartier"


def _tell_owner(user):
    """Tell somebody who has an account that their address was used to sign up; nobody else learns of it."""
    outbox.post_account(user, _known(user), f"known:{user.id}:{_slot()}")


def _known(user):
    subject, link = "Vous avez déjà un compte", ("Se connecter", site_address("account.sessions.new"))
    if user.status == UserStatus.REFUSED:
        subject, link, told = "Votre inscription a été refusée", None, [why_shut(user)]
    elif user.status in OPEN:
        where = site_address("account.passwords.forgotten")
        told = [f"Connectez-vous. Vous avez oublié le mot de passe ? Choisissez-en un autre ici : {where}"]
        told += ["Votre inscription attend d’être validée."] if user.status == UserStatus.PENDING else []
    else:
        told = ["Cette adresse ne peut pas servir à une nouvelle inscription.", why_shut(user)]
    return Message(
        subject,
        (
            f"Bonjour {user.name},",
            "Quelqu’un, peut-être vous, a voulu s’inscrire avec votre adresse. Rien n’a été créé ni changé.",
            *told,
            "Ce n’était pas vous ? Ne faites rien : personne d’autre n’en a rien appris.",
        ),
        link=link,
        why="cette adresse a été donnée pour s’inscrire sur ce site",
    )


def _slot():
    """Return a number that changes after each pause."""
    return int(utcnow().timestamp()) // PAUSE


# Confirming -------------------------------------------------------------------------------------------------------


def by_confirmation(token: str, *, lock: bool = False) -> User | None:
    """Return the sign-up that a link confirms; None when it was withdrawn or forgotten.

    Raises `BadToken` for a link that is cut or too old. The link only proves who reads the mails of the address:
    anybody can sign up with it, so that whoever confirms gives the password too.
    """
    token = token.strip(" .,;:()<>«»\"'")  # what a mail program may take for a part of the link
    number = signing.read("confirm", token, int(KEPT.total_seconds()))
    if not isinstance(number, int):
        raise BadToken
    user = select(User).where(User.id == number)
    return db.session.scalar(user.with_for_update() if lock else user)


def confirm(user: User, password_hash: str) -> bool:
    """Note that the address is this person's, and the password that they gave in doing so; start the 48 hours.

    The password of the form may be somebody else's, who waits for the account to open. Twice is the same: False.
    """
    if user.status != UserStatus.UNCONFIRMED:
        return False
    user.status, user.confirmed_at, user.password_hash = UserStatus.PENDING, utcnow(), password_hash
    outbox.switch_on(Channel.MAIL, user.email)
    db.session.flush()
    validation.start(user)
    return True


# What has become of it --------------------------------------------------------------------------------------------


def count_peers(council: Council | None) -> int:
    """Return how many active members a council has."""
    if council is None:
        return 0
    return db.session.scalar(select(func.count(User.id)).where(members_of(council.id)))


def referents_of(council: Council | None) -> list[User]:
    """Return the local referents who answer for a council, by name."""
    ids = [place.id for place in council.territories] if council else []
    rows = select(User).where(User.role == Role.REFERENT, User.status == UserStatus.ACTIVE)
    rows = rows.where(User.territories.any(Territory.id.in_(ids)))
    return list(db.session.scalars(rows.order_by(User.last_name, User.first_name)))


def why_shut(user: User) -> str:
    """Return what somebody is told whose account does not open: the reason, and whom to ask."""
    contact = current_app.config["OPERATOR_EMAIL"]
    reason = f" Motif : « {user.why} »." if user.why else ""
    if user.status == UserStatus.REFUSED:
        asked = " ou à ".join([*map(_contact, referents_of(user.council)), contact])
        return (
            f"Votre inscription{_at_council(user)} a été refusée.{reason} Si c’est une erreur, écrivez à {asked}."
            f"{_until_again(user)} Vous pouvez dès maintenant vous inscrire dans un autre conseil."
        )
    if user.status == UserStatus.SUSPENDED:
        return f"Votre compte est suspendu.{reason} Pour en parler, écrivez à {contact}."
    if user.closing_at:
        until = day(user.closing_at)
        return f"Ce compte est fermé. Pour revenir avant le {until}, ouvrez le lien du courriel reçu à la fermeture."
    return f"Ce compte est fermé. Une question ? Écrivez à {contact}."


def _at_council(user):
    return f" au conseil citoyen « {user.council.name} »" if user.council else ""


def _until_again(user):
    if not (user.council and user.decided_at):
        return ""
    until = day(user.decided_at + REFUSED_KEPT)
    return f" Dans ce conseil, vous ne pourrez vous inscrire de nouveau qu’après le {until}."


def _contact(referent):
    known = ", ".join(filter(None, (referent.organisation, referent.public_contact)))
    return f"{referent.name} ({known})" if known else referent.name


def correct(user: User, *, phone: str | None, **columns) -> None:
    """Change what a pending person wrote. `columns` are of `User`; another number has to be confirmed again."""
    if phone != user.phone:
        user.phone, user.phone_confirmed_at = phone, None
    for name, value in columns.items():
        setattr(user, name, value)
    db.session.flush()


def erase(user: User) -> list[str]:
    """Delete an account that was never open: all that was kept of it, its peers' words, the messages about it.

    Returns the digests of the contents that no row names any more.
    """
    unused = closing.forget(user)
    db.session.delete(user)
    db.session.flush()
    return unused
