"""The end of an account: at once or after 30 days, at its owner's word or for want of visits; and what is erased."""

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, exists, select, update

from app.extensions import db
from app.labels import Channel, DeliveryState, Priority, Role, SideReason, UserStatus
from app.models import (
    Activity,
    Address,
    AlertChoice,
    AuditEntry,
    Delivery,
    Follow,
    Login,
    OptOut,
    PhoneCode,
    Presence,
    Reading,
    Revision,
    SideVersion,
    Subscriber,
    User,
    Vouch,
)
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.links import site_address
from app.notifications.message import Message
from app.notifications.newsletter import UNWANTED
from app.services import bin, erasing, forgetting, profiles, subscribing
from app.signing import BadToken, read, sign
from app.templating import day

GRACE = timedelta(days=30)  # during which a closure can be undone
INACTIVE, ENDS = timedelta(days=731), timedelta(days=761)  # 24 and 25 months without a visit
NOTICE = timedelta(days=28)  # at least, between the warning and the closure
NEVER_OPEN = (UserStatus.UNCONFIRMED, UserStatus.PENDING, UserStatus.REFUSED)
LAST = "closing"  # the kind of the message after which its reader's address is of no more use
OWN_WISH = "Vous l’avez demandé : votre compte est fermé."
TIME_IS_UP = "Les 30 jours pour revenir sont passés : votre compte est fermé."
NO_VISIT = "Votre compte n’a pas servi depuis 25 mois. Comme nous vous l’avions annoncé, votre compte est fermé."


def animators() -> list[int]:
    """Return who runs the site, locked: two cannot leave, or suspend each other, at once.

    Call it before any other account is locked, as everybody locks them in the same order.
    """
    them = select(User.id).where(User.role == Role.ANIMATOR, User.status == UserStatus.ACTIVE)
    return list(db.session.scalars(them.order_by(User.id).with_for_update()))


def is_last_animator(user: User) -> bool:
    """Tell whether nobody would run the site without this person. See `animators` for the order of locks."""
    return animators() == [user.id]


def close(user: User, *, at_once: bool, signs: bool = True, because: str = OWN_WISH) -> list[str]:
    """End an account: it has no rights any more, in any browser. Its places at coming events go to the next in line.
    `signs`: whether contributions stay.

    Not `at_once`: its data stay for 30 days, and a link brings it back. Returns the digests of the contents that no
    row names any more: the caller deletes them once it has committed.
    """
    shut(user, UserStatus.CLOSED)
    forgetting.release(user)
    user.signs_contributions, now = signs, utcnow()
    if not signs:
        bin.withdraw(user)
        erasing.withdraw(user, now)
    if at_once:
        return erase(user, because)
    user.closing_at = now + GRACE
    ask_to_reopen(user)
    return []


def shut(user: User, status: UserStatus) -> None:
    """Take from an account everything that lets its owner in, and the alerts that wait for them."""
    if user.role == Role.REFERENT:
        renew(PAGES)
    user.status, user.warned_at = status, None
    db.session.execute(delete(Login).where(Login.user_id == user.id))
    db.session.execute(delete(PhoneCode).where(PhoneCode.user_id == user.id))
    db.session.execute(delete(Presence).where(Presence.user_id == user.id))
    for channel, address in _places(user):
        waiting = delete(Delivery).filter_by(channel=channel, recipient=address, state=DeliveryState.WAITING)
        # A letter stays in the figures of its issue: whether it is still wanted is asked as it leaves.
        db.session.execute(waiting.where(Delivery.priority != Priority.ACCOUNT, Delivery.issue_id.is_(None)))
    db.session.flush()


def ask_to_reopen(user: User) -> None:
    """Post the mail whose link brings back an account that closes in some days. Again on the same day: nothing."""
    until = day(user.closing_at)
    message = Message(
        f"Votre compte est fermé, vous pouvez revenir jusqu’au {until}",
        (
            f"Bonjour {user.first_name},",
            "Vous l’avez demandé : votre compte est fermé. Plus personne ne voit votre profil, et vous ne recevez "
            "plus d’alertes.",
            f"Vous avez changé d’avis ? Ouvrez ce lien avant le {until} : tout sera comme avant. Après ce jour, vos "
            "données personnelles seront effacées.",
        ),
        link=("Rouvrir mon compte", site_address("account.data.reopen", token=_reopening_token(user))),
        why="vous avez fermé votre compte sur ce site",
    )
    key = f"reopening:{user.id}:{user.closing_at:%Y%m%d%H%M%S}:{utcnow():%Y%m%d}"
    outbox.post_account(user, message, key)


def _reopening_token(user):
    return sign("reopening", [user.id, user.closing_at.isoformat()])


def to_reopen(token: str, *, lock: bool = False) -> User | None:
    """Return the account that this link brings back; None when it closed for good. Raises `BadToken`.

    An account that is open again comes back as it is. The link of an earlier closure opens nothing.
    """
    user_id, closing_at = read("reopening", token)
    user = select(User).where(User.id == user_id)
    user = db.session.scalar(user.with_for_update() if lock else user)
    if user is None or user.status not in (UserStatus.ACTIVE, UserStatus.CLOSED) or user.closed_at:
        return None
    if user.closing_at and user.closing_at <= utcnow():
        return None
    if user.closing_at and user.closing_at != datetime.fromisoformat(closing_at):
        raise BadToken
    return user


def reopen(user: User) -> None:
    """Give back an account that was to close, as it was; nothing happens to one that is open."""
    if user.status == UserStatus.CLOSED and user.closing_at:
        if not user.signs_contributions:
            user.signs_contributions = True
            bin.give_back(user)
            erasing.give_back(user, user.closing_at - GRACE)
        user.status, user.closing_at, user.last_seen_at = UserStatus.ACTIVE, None, utcnow()
        if user.role == Role.REFERENT:
            renew(PAGES)
        db.session.flush()


# What is erased ---------------------------------------------------------------------------------------------------


def erase(user: User, because: str) -> list[str]:
    """Close an account for good: its row stays, without anything personal, and a last mail says so.

    Returns the digests of the contents that no row names any more.
    """
    shut(user, UserStatus.CLOSED)
    goodbye, email, name = _goodbye(user, because), user.email, _full_name(user)
    unused = forget(user)
    outbox.post(goodbye, to=email, name=name, key=f"closed:{user.id}", kind=LAST, priority=Priority.ACCOUNT)
    user.email, user.password_hash = f"ferme-{user.id}@invalid", ""
    user.first_name = user.last_name = user.words = user.presentation = user.why = ""
    user.organisation = user.public_contact = ""
    user.phone = user.phone_confirmed_at = user.letter_since = user.alerts_paused_at = None
    user.council_id = user.college = user.last_seen_at = user.closing_at = user.agenda_key = None
    user.digest_at = user.daily_until = user.weekly_until = None
    db.session.execute(delete(Reading).where(Reading.user_id == user.id))
    user.role, user.territories, user.closed_at = Role.MEMBER, [], utcnow()
    db.session.flush()
    return unused


def _goodbye(user, because):
    fate = "signées « un ancien membre »" if user.signs_contributions else "retirées du site"
    return Message(
        "Votre compte est fermé",
        (
            f"Bonjour {user.first_name},",
            because,
            "Vos données personnelles sont effacées du site. Elles peuvent rester quelques semaines dans les copies "
            f"de secours. Vos contributions, s’il y en a, sont {fate}.",
            "Ce message est le dernier. Merci de ce que vous avez apporté aux conseils citoyens.",
        ),
        why="vous aviez un compte sur ce site",
    )


def forget(user: User) -> list[str]:
    """Erase what other tables hold of a person; return digests as `erase` does."""
    for channel, address in _places(user):
        _forget_address(channel, address, was_open=user.status not in NEVER_OPEN)
    codes = Delivery.key.startswith(f"code:{user.id}:")  # to any number that they typed
    _forget_messages(Delivery.channel == Channel.SMS, codes)
    _forget_activities(user)
    forgetting.forget(user)
    db.session.execute(delete(AlertChoice).where(AlertChoice.user_id == user.id))
    db.session.execute(delete(Vouch).where(Vouch.candidate_id == user.id))
    undecided = select(User.id).where(User.status == UserStatus.PENDING)
    given = update(Vouch).where(Vouch.peer_id == user.id, Vouch.candidate_id.not_in(undecided))
    db.session.execute(_quietly(given.values(reason="")))
    about = update(AuditEntry).where(AuditEntry.subject_type == User.__tablename__, AuditEntry.subject_id == user.id)
    db.session.execute(_quietly(about.values(reason="")))
    db.session.expire(user, ["alert_choices"])
    unsaved = delete(Revision).where(Revision.author_id == user.id, Revision.number.is_(None))
    db.session.execute(_quietly(unsaved))
    _forget_writing(user)
    photo = profiles.set_photo(user, None)
    return [*bin.erase_of(user), *erasing.forget(user), *([photo] if photo else [])]


def _forget_writing(user):
    """What could not be merged stays for the others to settle, unless its author takes everything along. What they had
    only previewed, nobody else has seen."""
    db.session.execute(delete(Follow).where(Follow.user_id == user.id))
    theirs = [SideVersion.author_id == user.id]
    if user.signs_contributions:
        stay = update(SideVersion).where(*theirs, SideVersion.reason != SideReason.PREVIEW)
        db.session.execute(_quietly(stay.values(author_id=None)))
    db.session.execute(_quietly(delete(SideVersion).where(*theirs)))


def _places(user):
    """Yield (channel, address) of this person alone: two of one household may share a telephone, and anybody may have
    typed the number of another one."""
    yield Channel.MAIL, user.email
    shared = exists().where(User.phone == user.phone, User.phone_confirmed_at.is_not(None), User.id != user.id)
    if user.phone and not db.session.scalar(select(shared)):
        yield Channel.SMS, user.phone


def _forget_address(channel, address, was_open):
    """Anybody can sign up with an address: what its owner said of the letter, or stopped, ends only with an account
    that was theirs."""
    here = [Delivery.channel == channel, Delivery.recipient == address]
    here += [] if was_open else [Delivery.issue_id.is_(None), ~subscribing.is_question()]
    _forget_messages(*here)
    db.session.execute(delete(Address).filter_by(channel=channel, address=address))
    if was_open and channel == Channel.MAIL:  # a number that answered STOP stays known to the gateway too
        db.session.execute(delete(OptOut).filter_by(channel=channel, address=address))
        db.session.execute(delete(Subscriber).filter_by(address=address))


def _forget_messages(*here):
    """Drop what waits, empty what has left. What is being sent right now is emptied by `forget_goodbyes`. A letter that
    waits counts as one that nobody wants any more."""
    letter = update(Delivery).where(*here, Delivery.state == DeliveryState.WAITING, Delivery.issue_id.is_not(None))
    db.session.execute(_quietly(letter.values(state=DeliveryState.FAILED, error=UNWANTED)))
    db.session.execute(delete(Delivery).where(*here, Delivery.state == DeliveryState.WAITING))
    leaving = update(Delivery).where(*here, Delivery.state == DeliveryState.CLAIMED)
    db.session.execute(_quietly(leaving.values(kind=LAST)))
    outbox.empty(*here)


def _forget_activities(user):
    """Drop what happened to this person, with the messages to others that tell it: these name them."""
    about = Activity.subject_type == User.__tablename__, Activity.subject_id == user.id
    told = delete(Delivery).where(Delivery.activity_id.in_(select(Activity.id).where(*about)))
    db.session.execute(_quietly(told))
    db.session.execute(_quietly(delete(Activity).where(*about)))


def forget_reasons() -> None:
    """Empty the reasons that erased people once gave against a sign-up: kept until it was decided, as `forget` did."""
    erased = select(User.id).where(User.closed_at.is_not(None))
    undecided = select(User.id).where(User.status == UserStatus.PENDING)
    given = update(Vouch).where(Vouch.reason != "", Vouch.peer_id.in_(erased), Vouch.candidate_id.not_in(undecided))
    db.session.execute(_quietly(given.values(reason="")))


def forget_goodbyes() -> None:
    """Empty the last messages to closed accounts that have left, or failed."""
    outbox.empty(Delivery.kind == LAST, Delivery.recipient != "")


def _full_name(user):
    return f"{user.first_name} {user.last_name}"  # `name` is « un ancien membre » by now


def _quietly(statement):
    return statement.execution_options(synchronize_session=False)


# Want of visits ---------------------------------------------------------------------------------------------------


def warn(user: User) -> None:
    """Tell somebody who has not come for 24 months that the account will close, and how to keep it."""
    now = utcnow()
    user.warned_at = now
    seen = user.last_seen_at or user.created_at
    until = day(max(seen + ENDS, now + NOTICE))
    keep = f"Pour le garder, connectez-vous avant le {until}."
    words, endpoint = "Se connecter", "account.sessions.new"
    if user.status == UserStatus.SUSPENDED:
        keep = f"Il est suspendu. Pour en parler, écrivez-nous avant le {until}."
        words, endpoint = "Nous joindre", "public.pages.contact"
    message = Message(
        "Votre compte sera fermé si vous ne venez plus",
        (
            f"Bonjour {user.first_name},",
            f"Votre compte sur {current_app.config['SITE_NAME']} n’a pas servi depuis le {day(seen)}. {keep}",
            "Sinon, il sera fermé et vos données personnelles seront effacées.",
        ),
        link=(words, site_address(endpoint)),
    )
    key = f"inactive:{user.id}:{now:%Y%m%d}"
    outbox.post_account(user, message, key)
    db.session.flush()
