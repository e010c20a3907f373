"""The people of the demo: seven accounts that everybody knows the password of, hence never in production."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, select

from app.extensions import db
from app.labels import College, Role, UserStatus
from app.models import Council, Neighbourhood, User
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.services import signups
from app.services.accounts import DEMO

PASSWORD = "demo-conseils-2026"  # noqa: S105 - printed at every start

READERS = ("alice", "bruno", "emile")  # who asked for the monthly letter


@dataclass(frozen=True)
class Person:
    """Somebody of the demo. `council` is a place in the list of `_councils`."""

    name: str
    first_name: str
    last_name: str
    council: int | None = None
    college: str | None = None
    words: str = ""
    presentation: str = ""

    @property
    def email(self) -> str:
        """The address of the account, where no mail arrives."""
        return self.name + DEMO


PEOPLE = (
    Person("animatrice", "Sophie", "Marchand", presentation="J’anime ce site. Écrivez-moi pour toute question."),
    Person(
        "referente", "Monique", "Perrin",
        presentation="Au centre de ressources, j’aide les conseils du département : réunions, formations, dossiers.",
    ),
    Person(
        "alice", "Alice", "Moreau", 0, College.RESIDENT,
        presentation="J’habite le quartier depuis 1994.\nJe m’occupe du jardin partagé et de la fête des voisins.",
    ),
    Person(
        "bruno", "Bruno", "Lefèvre", 0, College.LOCAL,
        presentation="Je tiens la boulangerie de la place. Je parle commerce et propreté.",
    ),
    Person(
        "chloe", "Chloé", "Diallo", 1, College.RESIDENT,
        presentation="Maman de trois enfants, je suis l’école, les transports et les aires de jeux.",
    ),
    Person(
        "dora", "Dora", "Benali", 0, College.RESIDENT,
        words="J’habite au 12, escalier B. J’étais à la réunion d’octobre sur le square, à côté d’Alice.",
    ),
    Person(
        "emile", "Émile", "Caron", 2, College.RESIDENT,
        presentation="Retraité des chemins de fer. Je m’intéresse au logement et au chauffage.",
    ),
)  # fmt: skip


def are_demo() -> ColumnElement[bool]:
    """Return the SQL condition that the accounts of the demo meet."""
    return User.email.endswith(DEMO)


def load(password_hash: str) -> int:
    """Add the people to a demo where nobody has an account yet; return how many, 0 when there is no room."""
    councils = _councils()
    if not councils or db.session.scalar(select(exists().select_from(User))):
        return 0
    people = {person.name: _add(person, councils, password_hash) for person in PEOPLE}
    people["animatrice"].role = Role.ANIMATOR
    _make_referent(people["referente"], councils[0])
    _make_pending(people["dora"])
    renew(PAGES)
    return len(people)


def _councils():
    """Return the councils of Alice, Chloé (same department, if there is another one) and Émile (elsewhere, if)."""
    query = select(Council).join(Neighbourhood).where(Council.is_demo)
    ranked = list(db.session.scalars(query.order_by(Council.edited_at.is_(None), Neighbourhood.code)))
    if not ranked:
        return []
    first = ranked[0]
    near = [council for council in ranked[1:] if council.department == first.department] or ranked[1:] or ranked
    far = [council for council in ranked if council.department != first.department] or ranked[-1:]
    return [first, near[0], far[0]]


def _add(person, councils, password_hash):
    now = utcnow()
    user = User(
        email=person.email, password_hash=password_hash, first_name=person.first_name, last_name=person.last_name,
        council=councils[person.council] if person.council is not None else None, college=person.college,
        words=person.words, presentation=person.presentation, status=UserStatus.ACTIVE,
        created_at=now - timedelta(days=40), confirmed_at=now - timedelta(days=40),
        decided_at=now - timedelta(days=39), last_seen_at=now,
        letter_since=now - timedelta(days=39) if person.name in READERS else None,
    )  # fmt: skip
    db.session.add(user)
    db.session.flush()
    return user


def _make_referent(user, council):
    user.role, user.organisation = Role.REFERENT, "Centre de ressources de démonstration"
    user.public_contact = "ressources@demo.example"
    user.territories = [council.department] if council.department else []


def _make_pending(user):
    """Let the sign-up start now, as it does for everybody: its peers are asked by mail."""
    user.status, user.decided_at, user.last_seen_at = UserStatus.UNCONFIRMED, None, None
    user.created_at = utcnow()
    signups.confirm(user, user.password_hash)


def remove() -> list[str]:
    """Remove the people of the demo; return the digests of the contents that no row names any more."""
    people = list(db.session.scalars(select(User).where(are_demo())))
    unused = [digest for user in people for digest in signups.erase(user)]
    if people:
        renew(PAGES)
    return unused


def listed() -> list[tuple[str, str]]:
    """Return (address, who it is) of the accounts of the demo that are there."""
    there = set(db.session.scalars(select(User.email).where(are_demo())))
    said = {"animatrice": "anime le site", "referente": "référente du département", "dora": "inscription à valider"}
    return [
        (person.email, said.get(person.name) or f"conseil {_council_name(person)}")
        for person in PEOPLE
        if person.email in there
    ]


def _council_name(person):
    query = select(Council.name).join(User, User.council_id == Council.id).where(User.email == person.email)
    return db.session.scalar(query) or "inconnu"
