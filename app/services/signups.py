"""Sign-ups, from the form to the confirmed address; and their end, when they are withdrawn or forgotten."""

import hashlib
from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, func, select

from app import signing
from app.extensions import db, insert
from app.labels import AlertTopic, Channel, Priority, Role, UserStatus
from app.models import Activity, AlertChoice, Council, Delivery, Territory, User
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.links import site_address
from app.notifications.message import Message
from app.services import accounts, alerts, closing, validation
from app.signing import BadToken
from app.templating import day, moment

KEPT = timedelta(days=7)  # a sign-up whose address is not confirmed
SAME = timedelta(hours=1)  # the same form again within this time: no patience, and the link stays good
AT_ONCE = timedelta(seconds=10)  # between two presses of a button
TEXTED = (AlertTopic.DOCUMENT, AlertTopic.ACTION, AlertTopic.EVENT, AlertTopic.REMINDER)  # may come by SMS
PAUSE = 600  # seconds between two mails that say the same
BATCH = 100  # sign-ups forgotten in one transaction
NOT_ME = "Vous n’avez rien demandé ? Ne faites rien : sans vous, rien ne s’ouvre."


# Signing up -------------------------------------------------------------------------------------------------------


def sign_up(council: Council, *, email: str, is_same: bool, by_sms: bool, wants_letter: bool, **columns) -> None:
    """Keep a sign-up until its address is confirmed, and post the link that does so.

    Where the address has an account already, only its owner is told. One that was never confirmed proves nothing:
    the last form counts, so that nobody waits in another's mailbox with a password of their own. `is_same`: the
    password is the one of that former form; then the link of a moment ago stays good. `columns` are of `User`.
    """
    email, now = accounts.normal_email(email), utcnow()
    columns |= {"council_id": council.id, "letter_since": now if wants_letter else None}
    new = insert(User).values(email=email, status=UserStatus.UNCONFIRMED, created_at=now, **columns)
    db.session.execute(new.on_conflict_do_nothing(index_elements=["email"]))
    user = db.session.scalar(select(User).where(User.email == email).with_for_update())
    if user.status != UserStatus.UNCONFIRMED:
        return _tell_owner(user)
    if (is_same and now - user.created_at < SAME) or _is_second_press(user, columns):
        del columns["password_hash"]
    else:
        user.created_at = now
    for name, value in columns.items():
        setattr(user, name, value)
    _choose_texts(user, by_sms)
    ask_to_confirm(user)


def _is_second_press(user, columns):
    """Whether this form has just been kept: the link that has left for it stays good."""
    told = ("first_name", "last_name", "council_id", "college", "words")
    return utcnow() - user.created_at < AT_ONCE and all(getattr(user, name) == columns[name] for name in told)


def _choose_texts(user, by_sms):
    """Write down that alerts come by SMS too, once the number is confirmed; without a choice, they do not."""
    db.session.execute(delete(AlertChoice).where(AlertChoice.user_id == user.id))
    if by_sms:
        alerts.set_choices(user, {topic: (alerts.DEFAULTS[topic].rhythm, True) for topic in TEXTED})


def ask_to_confirm(user: User) -> None:
    """Post the mail with the link that confirms the address of `user`; once in ten minutes at most."""
    outbox.try_address_again(Channel.MAIL, user.email)
    address = site_address("account.signups.confirm", token=_token(user))
    message = Message(
        "Confirmez votre adresse pour finir votre inscription",
        (
            f"Bonjour {user.name},",
            f"Vous vous êtes inscrit au conseil citoyen {_council(user)}. Pour continuer, ouvrez le lien ci-dessous, "
            "puis appuyez sur le bouton « Oui, c’est mon adresse ».",
            f"Ce lien marche jusqu’au {moment(user.created_at + KEPT)}. Après, l’inscription est effacée.",
            f"Le lien ne s’ouvre pas ? Copiez-le en entier dans la barre d’adresse de votre navigateur. {NOT_ME}",
        ),
        link=("Confirmer mon adresse", address),
        why="cette adresse a été donnée pour s’inscrire sur ce site",
    )
    _post(user, message, f"confirm:{user.id}:{_print(user.password_hash)}:{_slot(PAUSE)}", name=user.name)


def _council(user):
    return user.council.name if user.council else "de votre quartier"


def _tell_owner(user):
    """Tell somebody who has an account that their address was used to sign up; nobody else learns of it."""
    words = "Se connecter"
    if user.status in (UserStatus.PENDING, UserStatus.ACTIVE):
        waits = "Votre inscription attend d’être validée." if user.status == UserStatus.PENDING else ""
        where = site_address("account.passwords.forgotten")
        told = f"Vous avez déjà un compte : connectez-vous. Mot de passe oublié ? Choisissez-en un autre ici : {where}"
    else:
        waits, told = why_shut(user), "Cette adresse ne peut pas servir à une nouvelle inscription."
    message = Message(
        "Vous avez déjà un compte",
        (
            f"Bonjour {user.name},",
            "Quelqu’un, peut-être vous, a voulu s’inscrire avec votre adresse. Rien n’a été créé ni changé.",
            *filter(None, (told, waits)),
            "Ce n’était pas vous ? Ne faites rien : personne n’a appris que vous avez un compte.",
        ),
        link=(words, site_address("account.sessions.new")),
    )
    _post(user, message, f"known:{user.id}:{_slot(PAUSE)}", name=user.name)


def _post(user, message, key, name):
    outbox.post(message, to=user.email, key=key, kind="account", priority=Priority.ACCOUNT, name=name)


def _slot(seconds):
    """Return a number that changes every so many seconds."""
    return int(utcnow().timestamp()) // seconds


def _print(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


# Confirming -------------------------------------------------------------------------------------------------------


def _token(user):
    return signing.sign("confirm", [user.id, _instant(user.created_at)])


def _instant(value):
    """Return an instant in microseconds: with the id, which a database may give again, it tells sign-ups apart."""
    return round(value.timestamp() * 1_000_000)


def by_confirmation(token: str) -> tuple[User | None, bool]:
    """Return the sign-up that a link confirms, and whether another form has replaced the one it was sent for.

    No user: the sign-up was withdrawn or forgotten. Raises `BadToken` for a link that is cut or too old.
    """
    token = token.strip(" .,;:()<>«»\"'")  # what a mail program may take for a part of the link
    value = signing.read("confirm", token, int(KEPT.total_seconds()))
    if not isinstance(value, list) or len(value) != 2:
        raise BadToken
    user = db.session.scalar(select(User).where(User.id == value[0]).with_for_update())
    if user is None or _instant(user.created_at) == value[1]:
        return user, False
    return None, user.status == UserStatus.UNCONFIRMED


def confirm(user: User) -> bool:
    """Note that the address is this person's, and start the clock of the 48 hours. Twice is the same: False."""
    if user.status != UserStatus.UNCONFIRMED:
        return False
    user.status, user.confirmed_at = UserStatus.PENDING, utcnow()
    outbox.switch_on(Channel.MAIL, user.email)
    db.session.flush()
    validation.start(user)
    return True


# What has become of it --------------------------------------------------------------------------------------------


def count_peers(council: Council | None) -> int:
    """Return how many active members a council has."""
    here = (User.council_id == council.id, User.status == UserStatus.ACTIVE) if council else (User.id < 0,)
    return db.session.scalar(select(func.count(User.id)).where(*here))


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
        return f"Votre inscription a été refusée.{reason} Si c’est une erreur, écrivez à {asked}."
    if user.status == UserStatus.SUSPENDED:
        return f"Votre compte est suspendu.{reason} Pour en parler, écrivez à {contact}."
    if user.closing_at:
        until = day(user.closing_at)
        return f"Ce compte est fermé. Pour revenir avant le {until}, ouvrez le lien du courriel reçu à la fermeture."
    return f"Ce compte est fermé. Une question ? Écrivez à {contact}."


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


def erase(user: User) -> None:
    """Delete an account that was never open: all that was kept of it, its peers' words, the messages about it."""
    about = Activity.subject_type == User.__tablename__, Activity.subject_id == user.id
    db.session.execute(delete(Delivery).where(Delivery.activity_id.in_(select(Activity.id).where(*about))))
    db.session.execute(delete(Activity).where(*about))
    closing.forget(user)
    db.session.delete(user)
    db.session.flush()


def purge_unconfirmed() -> int:
    """Erase sign-ups that nobody has confirmed for seven days, some at a time; return how many."""
    old = select(User).where(User.status == UserStatus.UNCONFIRMED, User.created_at <= utcnow() - KEPT)
    forgotten = list(db.session.scalars(old.limit(BATCH).with_for_update(skip_locked=True)))
    for user in forgotten:
        erase(user)
    return len(forgotten)
