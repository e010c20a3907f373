"""What a council has adopted: a version of a text that several people write; nobody changes it until it is reopened."""

import re
from collections.abc import Collection
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.models import Adoption, Publication, User
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.services import journal
from app.templating import day

BLANK = re.compile(r"(?<![\]!\\])\[(?=[^\[\]\n]*\w)[^\[\]\n]{2,80}\](?![(\[:])")


def blanks(text: str) -> list[str]:
    """Return what a text leaves to be filled in, each once, in its order: « [nombre] », which is no link."""
    return list(dict.fromkeys(BLANK.findall(text)))


def standing(item: Publication) -> Adoption | None:
    """Return the adoption that keeps everybody from changing the text; None when people may write."""
    return db.session.scalar(_of(item).where(Adoption.lifted_at.is_(None)))


def days_of(ids: Collection[int]) -> dict[int, date]:
    """Return the days on which those of these documents that nobody may change now were adopted, by their ids."""
    those = select(Adoption.publication_id, Adoption.adopted_on).where(Adoption.publication_id.in_(ids))
    return dict(db.session.execute(those.where(Adoption.lifted_at.is_(None))).all()) if ids else {}


def history(item: Publication) -> list[Adoption]:
    """Return all adoptions, those that were lifted too, the newest first."""
    return list(db.session.scalars(_of(item).order_by(Adoption.id.desc())))


def adopt(item: Publication, number: int, adopted_on: date, member: User) -> Adoption | None:
    """Note that the council has adopted version `number` on a day; None when another adoption stands already.

    Call it in a write transaction, with the publication's row locked.
    """
    adoption = Adoption(publication_id=item.id, number=number, adopted_on=adopted_on, adopted_by_id=member.id)
    try:
        with db.session.begin_nested():
            db.session.add(adoption)
    except IntegrityError:  # one stands at most: the database holds it
        return None
    _note("publication.adopted", item, adoption, member)
    return adoption


def lift(item: Publication, adoption: Adoption, member: User) -> None:
    """Let people write again; that the version was adopted stays on record. Lifted twice: the first time counts.

    Call it in a write transaction, with the publication's row locked.
    """
    if adoption.lifted_at is None:
        adoption.lifted_at, adoption.lifted_by_id = utcnow(), member.id
        _note("publication.reopened", item, adoption, member)


def _note(verb, item, adoption, member):
    said = f"version n° {adoption.number}, adoptée le {day(adoption.adopted_on)}"
    journal.note(verb, item, actor_id=member.id, reason=said)
    renew(PAGES)  # visitors are told too


def _of(item):
    people = joinedload(Adoption.adopted_by), joinedload(Adoption.lifted_by)
    return select(Adoption).filter_by(publication_id=item.id).options(*people)
