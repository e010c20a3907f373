"""Local referents: appointed for territories, shown to all, and the end of their role."""

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.access import VISITOR, readable
from app.extensions import db
from app.labels import Role, TerritoryKind, UserStatus
from app.models import Territory, User
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.links import site_address
from app.notifications.message import Message
from app.services import accounts, closing, journal, renewals, signups, subscribing
from app.text import fold

CHOSEN = (TerritoryKind.REGION, TerritoryKind.DEPARTMENT)  # the kinds of territories that have boxes in the form
NO_REGION = "Autres territoires"
END = "Votre rôle de référent local a pris fin. Comme vous n’êtes membre d’aucun conseil, votre compte est fermé."


def by_region() -> list[tuple[str, list[User]]]:
    """Return (region, its referents by name), the regions by name; who answers for two regions stands in both."""
    query = select(User).where(User.role == Role.REFERENT, readable(User, VISITOR))
    territories = selectinload(User.territories)
    places = territories.selectinload(Territory.region), territories.selectinload(Territory.department)
    regions = defaultdict(list)
    for user in db.session.scalars(query.options(*places).order_by(User.last_name, User.first_name)):
        for name in dict.fromkeys(map(_region_of, user.territories)) or [NO_REGION]:
            regions[name].append(user)
    return sorted(regions.items(), key=lambda item: (item[0] == NO_REGION, fold(item[0])))


def _region_of(territory):
    region = territory if territory.kind == TerritoryKind.REGION else territory.region
    return region.name if region else NO_REGION


def offered() -> list[Territory]:
    """Return the regions and departments, as the form offers them: by name, and by code."""
    rows = db.session.scalars(select(Territory).where(Territory.kind.in_(CHOSEN)).order_by(Territory.code))
    return sorted(rows, key=lambda row: fold(row.name) if row.kind == TerritoryKind.REGION else "")


def owner_of(email: str) -> User | None:
    """Return, locked, whose address this is; nobody when they never confirmed it. Such a sign-up proves nothing: it
    yields to the appointment, or anybody could prevent it."""
    user = db.session.scalar(select(User).where(User.email == accounts.normal_email(email)).with_for_update())
    if user is None or user.status != UserStatus.UNCONFIRMED:
        return user
    signups.erase(user)
    return None


def objection(user: User | None) -> str:
    """Return why the owner of an address cannot be appointed, in French; nothing when they can, or are nobody yet."""
    if user is None:
        return ""
    if user.status == UserStatus.PENDING:
        return "Cette personne a une inscription en cours : attendez qu’elle soit validée."
    if user.status != UserStatus.ACTIVE:
        return "Un compte existe à cette adresse, mais il n’est pas ouvert : demandez une autre adresse."
    if user.role == Role.ANIMATOR:
        return "Cette personne anime déjà le site : elle s’occupe de tous les territoires."
    return "Cette personne est déjà référente : modifiez sa fiche." if user.role == Role.REFERENT else ""


def appoint(user: User | None, *, actor_id: int, email: str, first_name: str, last_name: str, **columns) -> User:
    """Make somebody a referent; `None` opens an account for them, whose owner chooses the password by the mail.

    `columns` are `organisation`, `public_contact` and `territories`.
    """
    is_new = user is None
    if is_new:
        now = utcnow()
        user = User(
            email=accounts.normal_email(email), first_name=first_name, last_name=last_name,
            status=UserStatus.ACTIVE, confirmed_at=now,
        )  # fmt: skip
        db.session.add(user)
    user.role = Role.REFERENT
    _set(user, **columns)
    subscribing.take_over(user)
    journal.note("referent.appointed", user, actor_id=actor_id, reason=_names(user))
    _welcome(user, is_new)
    return user


def change(user: User, *, actor_id: int, **columns) -> None:
    """Change the organisation, the public contact and the territories of a referent."""
    _set(user, **columns)
    journal.note("referent.changed", user, actor_id=actor_id, reason=_names(user))


def _set(user, *, organisation, public_contact, territories):
    user.organisation, user.public_contact = organisation, public_contact
    user.territories = territories
    renew(PAGES)
    db.session.flush()


def _names(user):
    return ", ".join(place.name for place in user.territories)


def _welcome(user, is_new):
    todo, link = "", ("Se connecter", site_address("account.sessions.new"))
    if is_new:
        todo = (
            "Un compte vous attend. Pour l’ouvrir, choisissez votre mot de passe par le lien ci-dessous. Il marche "
            f"7 jours ; après, demandez-en un autre ici : {site_address('account.passwords.forgotten')}"
        )
        link = ("Choisir mon mot de passe", renewals.invitation_address(user))
    shown = "sont" if user.last_seen_at else "seront, dès votre première visite,"
    message = Message(
        "Vous êtes référente ou référent local",
        (
            f"Bonjour {user.first_name},",
            f"Vous avez maintenant le rôle de référent local sur ce site, pour : {_names(user)}.",
            "Vous aidez les conseils citoyens de ce territoire, et vous décidez des inscriptions que leurs membres "
            "n’ont pas pu valider.",
            f"Votre nom, votre organisation et votre contact public {shown} sur la page « Référents locaux » : "
            f"{site_address('public.referents.index')}",
            *filter(None, [todo]),
        ),
        link=link,
        why="l’équipe du site vous a donné le rôle de référent local",
    )
    key = f"referent:{user.id}:{utcnow():%Y%m%d%H%M%S%f}"
    outbox.post_account(user, message, key)


def end(user: User, *, actor_id: int, reason: str = "") -> list[str]:
    """End the role: a member of a council stays one, another account closes. Returns digests as `closing.close`."""
    journal.note("referent.ended", user, actor_id=actor_id, reason=reason)
    renew(PAGES)
    if user.council_id is None:
        return closing.close(user, at_once=True, because=END)
    user.role, user.territories, user.organisation, user.public_contact = Role.MEMBER, [], "", ""
    message = Message(
        "Votre rôle de référent local a pris fin",
        (
            f"Bonjour {user.first_name},",
            "Votre rôle de référent local a pris fin. Vous restez membre de votre conseil, avec le même compte.",
        ),
        link=("Mon conseil", site_address("council.dashboard.show")),
    )
    key = f"referent-end:{user.id}:{utcnow():%Y%m%d%H%M%S%f}"
    outbox.post_account(user, message, key)
    db.session.flush()
    return []
