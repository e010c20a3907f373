"""The document of the demo that several people write: its versions, one of which was adopted."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from app.extensions import db
from app.labels import Visibility
from app.localtime import at
from app.models import Adoption, Document, Group, Publication, Revision, User
from app.models.types import utcnow
from app.notifications import bursts, dispatch
from app.services import cowriting, following, publishing, revisions

TITLE = "Notre charte commune"
SUMMARY = "Comment nos deux conseils travaillent ensemble. Chacun peut y écrire."
START = """Nous sommes deux conseils citoyens voisins. Cette charte dit comment nous travaillons ensemble.

## Qui nous sommes

Des habitants et des associations de nos deux quartiers. Chacun parle en son nom.

## Nos réunions communes

Une réunion tous les deux mois.

## Comment nous décidons

Nous votons à main levée."""


@dataclass(frozen=True)
class Step:
    """A change: who made it, how many days ago and at what time, and what stands in the place of what (nothing: at the
    end)."""

    author: str
    days: int
    hour: time
    comment: str
    old: str
    new: str


STEPS = (
    Step(
        "bruno", 38, time(20, 12), "Où et quand",
        "Une réunion tous les deux mois.",
        "Une réunion tous les deux mois, une fois dans chaque quartier. Elle commence à 18 h 30 et finit à 20 h 30.",
    ),
    Step(
        "chloe", 37, time(9, 40), "",
        "Chacun parle en son nom.",
        "Chacun parle en son nom. Les élus et les techniciens viennent quand nous les invitons.",
    ),
    Step(
        "alice", 35, time(18, 5), "L’accord d’abord, le vote ensuite",
        "Nous votons à main levée.",
        "Nous cherchons d’abord l’accord de tous. Sinon, nous votons à main levée : une personne, une voix.",
    ),
    Step(
        "chloe", 34, time(21, 30), "Ce que nous faisons ensemble", "",
        "## Ce que nous faisons ensemble\n\n- la lettre sur les bus du soir ;\n- une fête par an ;\n"
        "- un tour des deux quartiers, à pied, au printemps.",
    ),
    Step(
        "bruno", 33, time(12, 15), "Relecture", "à main levée : une personne, une voix.",
        "à main levée : une personne, une voix. Le vote est secret si quelqu’un le demande.",
    ),
    Step(
        "chloe", 11, time(19, 50), "La garde des enfants", "et finit à 20 h 30.",
        "et finit à 20 h 30. Les enfants sont les bienvenus : quelqu’un s’occupe d’eux dans la salle d’à côté.",
    ),
    Step("alice", 4, time(17, 20), "", "- une fête par an ;", "- une fête par an, en juin ;"),
)  # fmt: skip
PUBLISHED, ADOPTED, LIFTED = 40, 32, 12  # days ago
ADOPTED_VERSION = 6


def share(people: dict[str, User], group: Group) -> Document:
    """Let Alice publish it, and let her, Bruno and Chloé write in it; none of it is told to anybody."""
    alice = people["alice"]
    item = publishing.start(alice, Document, hashlib.sha256(TITLE.encode()).hexdigest()[:32])
    item.level, item.groups = Visibility.GROUPS, [group]
    fields = {"title": TITLE, "summary": SUMMARY, "description": START, "is_collaborative": True, "groups_write": True}
    publishing.write(item, fields)
    item.created_at = item.published_at = _moment(item, PUBLISHED, time(19))
    db.session.flush()
    first = revisions.keep(item, publishing.content_of(item), alice)
    _date(first, item.published_at)
    following.begin(item, alice)
    for step in STEPS:
        _write(item, step, people[step.author])
    _adopt(item, people)
    if told := dispatch.awaited(bursts.WRITTEN, item, bursts.CALM):
        db.session.delete(told)
    return item


def _write(item: Publication, step: Step, author: User) -> None:
    before = item.description
    text = before.replace(step.old, step.new) if step.old else f"{before}\n\n{step.new}"
    revision = cowriting.write(item, text, cowriting.rendered(item, text), author, comment=step.comment)
    item.edited_at = _moment(item, step.days, step.hour)
    _date(revision, item.edited_at)


def _adopt(item, people):
    lifted_at = _moment(item, LIFTED, time(18, 45))
    recorded_at = _moment(item, ADOPTED, time(20, 40))
    db.session.add(Adoption(
        publication_id=item.id, number=ADOPTED_VERSION, adopted_on=recorded_at.date(), recorded_at=recorded_at,
        adopted_by_id=people["bruno"].id, lifted_at=lifted_at, lifted_by_id=people["alice"].id,
    ))  # fmt: skip


def _moment(item, days, hour) -> datetime:
    return at(item.zone, utcnow().date() - timedelta(days=days), hour)


def _date(revision: Revision, moment: datetime) -> None:
    revision.created_at = moment
    db.session.flush()
