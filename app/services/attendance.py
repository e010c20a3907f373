"""Who comes to an event, for those who hold it: the list, its numbers, the tables that they take home, the sheet that
people sign."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import Select, case, delete, func, select
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.labels import QUESTION, REGISTRATION_STATUS, DeliveryState, Question, RegistrationStatus
from app.localtime import clock
from app.models import Delivery, Event, Registration, User
from app.models.registration import HOLDING, STANDING
from app.notifications import outbox
from app.notifications import registrations as messages
from app.phone import display
from app.services import offers
from app.text import fold


class Part(Enum):
    """The parts of the list, in their order."""

    PLACED = HOLDING
    WAITING = (RegistrationStatus.WAITING,)
    UNCONFIRMED = (RegistrationStatus.UNCONFIRMED,)
    ENDED = (RegistrationStatus.CANCELLED, RegistrationStatus.LAPSED)


PART_OF = {status: part for part in Part for status in part.value}
WHOLE = (joinedload(Registration.user).joinedload(User.council), joinedload(Registration.entered_by))


@dataclass(frozen=True)
class Line:
    """One person of the list, and their number in its part: for those who wait, their rank."""

    part: Part
    number: int
    person: Registration


def people_of(event: Event) -> Select:
    """Return the query of all who registered: those with a place, those who wait in their order, the others."""
    order = case(
        {status: number for number, part in enumerate(Part) for status in part.value}, value=Registration.status
    )
    mine = select(Registration).where(Registration.event_id == event.id).options(*WHOLE)
    return mine.order_by(order, Registration.queued_at, Registration.id)


def sizes(event: Event) -> dict[Part, int]:
    """Return how many people are in each part of the list."""
    found = select(Registration.status, func.count()).where(Registration.event_id == event.id)
    counts = dict(db.session.execute(found.group_by(Registration.status)).all())
    return {part: sum(counts.get(status, 0) for status in part.value) for part in Part}


def lines(people: list[Registration], first: int, numbers: dict[Part, int]) -> list[Line]:
    """Return these people of `people_of`, the first of whom is the `first` of all (from 0), with their numbers."""
    begins, total = {}, 0
    for part in Part:
        begins[part] = total
        total += numbers[part]
    found = enumerate(people, start=first)
    return [Line(part, at - begins[part] + 1, one) for at, one in found for part in [PART_OF[one.status]]]


def find(event: Event, registration_id: int) -> Registration | None:
    """Return one of those who registered for an event."""
    mine = select(Registration).where(Registration.id == registration_id, Registration.event_id == event.id)
    return db.session.scalar(mine.options(*WHOLE))


def give_place(person: Registration) -> None:
    """Give somebody a place, be it above the number of seats: those who hold the event decide. They are told so, and
    no more that they wait, if they have not been. Call it with the event locked."""
    offers.give(person)
    db.session.flush()
    is_unsent = (Delivery.key.like(f"registration:{person.id}:queued:%"), Delivery.state == DeliveryState.WAITING)
    db.session.execute(delete(Delivery).where(*is_unsent).execution_options(synchronize_session=False))
    outbox.post_many(messages.placed(person))
    offers.has_changed(person.event)


# What they said ---------------------------------------------------------------------------------------------------


def question(event: Event, code: str) -> str:
    """Return the words of a question; nothing when nobody knows them any more."""
    return event.own_question if code == "own" else QUESTION.get(code, "")


def answers(event: Event, person: Registration) -> list[tuple[str, str]]:
    """Return (question, answer) of what somebody said, the organisation aside."""
    codes = [code for code in dict.fromkeys([*event.asked, *person.answers]) if code != Question.ORGANISATION]
    said = [(question(event, code), person.answers.get(code, "")) for code in codes]
    return [(words, answer) for words, answer in said if words and answer]


def structure(person: Registration) -> str:
    """Return for whom somebody comes: what they said, or their council."""
    council = person.user.council if person.user else None
    return person.answers.get(Question.ORGANISATION) or (council.name if council else "")


def phone(person: Registration) -> str:
    """Return the number of somebody as it is dialled; nothing when they gave none."""
    return display(person.phone) if person.phone else ""


# On paper ---------------------------------------------------------------------------------------------------------


def table(event: Event) -> Iterator[list[str]]:
    """Yield the rows of the table that organisers take home, its head first: who comes or waits, and nobody else."""
    codes = [code for code in event.asked if code != Question.ORGANISATION]
    head = ["Nom", "Association ou structure", *(question(event, code) for code in codes)]
    yield [*head, "Courriel", "Téléphone", "Situation", "Depuis le", "Saisi par"]
    for person in db.session.scalars(people_of(event).where(Registration.status.in_(STANDING))):
        said = [person.answers.get(code, "") for code in codes]
        since = f"{clock(event.time_zone, person.placed_at or person.queued_at):%d/%m/%Y %H:%M}"
        by = person.entered_by.name if person.entered_by else ""
        known = [person.email, phone(person), REGISTRATION_STATUS[person.status], since, by]
        yield [person.name, structure(person), *said, *known]


def sheet(event: Event) -> tuple[list[Registration], list[Registration]]:
    """Return who is expected, by last name, and who may still come: those to whom a place is offered, and those who
    wait, in their order."""
    people = db.session.scalars(people_of(event).where(Registration.status.in_(STANDING))).all()
    expected = [one for one in people if one.status == RegistrationStatus.CONFIRMED]
    others = [one for one in people if one.status != RegistrationStatus.CONFIRMED]
    return sorted(expected, key=lambda one: (fold(one.name).split()[::-1], one.id)), others
