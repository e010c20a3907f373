"""Who comes to an event, for those who hold it: the list, its numbers, the tables that they take home, the sheet that
people sign."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import Select, case, delete, func, select
from sqlalchemy.orm import joinedload

from app.access import Viewer, readable
from app.extensions import db
from app.labels import QUESTION, REGISTRATION_STATUS, DeliveryState, Question, RegistrationStatus
from app.localtime import clock
from app.models import Delivery, Event, Publication, Registration, User
from app.models.registration import STANDING
from app.notifications import outbox
from app.notifications import registrations as messages
from app.phone import display
from app.services import accounts, offers, registrations, seats
from app.text import fold

PARTICLES = {"al", "ben", "da", "de", "del", "der", "des", "di", "du", "el", "la", "le", "les", "van", "von"}


class Part(Enum):
    """The parts of the list, in their order."""

    PLACED = (RegistrationStatus.CONFIRMED,)
    OFFERED = (RegistrationStatus.OFFERED,)
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


def people_of(event: Event, viewer: Viewer) -> Select:
    """Return the query of all who registered, as far as `viewer` may know them: those with a place, those to whom one
    is offered, those who wait in their order, the others."""
    order = case(
        {status: number for number, part in enumerate(Part) for status in part.value}, value=Registration.status
    )
    return _known(event, viewer).order_by(order, Registration.queued_at, Registration.id)


def _known(event, viewer):
    mine = select(Registration).where(Registration.event_id == event.id, readable(Registration, viewer))
    return mine.options(*WHOLE)


def sizes(event: Event) -> dict[Part, int]:
    """Return how many people are in each part of the list."""
    found = select(Registration.status, func.count()).where(Registration.event_id == event.id)
    counts = dict(db.session.execute(found.group_by(Registration.status)).all())
    return {part: sum(counts.get(status, 0) for status in part.value) for part in Part}


def first_served(publication: Publication | None) -> int:
    """Return how many people have the first choice of the places at an event that is not published yet: those who wait
    for a place at the one that it follows."""
    if not isinstance(publication, Event) or not publication.is_draft or publication.follows_id is None:
        return 0
    return sizes(publication.follows)[Part.WAITING]


def lines(people: list[Registration], first: int, numbers: dict[Part, int]) -> list[Line]:
    """Return these people of `people_of`, the first of whom is the `first` of all (from 0), with their numbers."""
    begins, total = {}, 0
    for part in Part:
        begins[part] = total
        total += numbers[part]
    found = enumerate(people, start=first)
    return [Line(part, at - begins[part] + 1, one) for at, one in found for part in [PART_OF[one.status]]]


def find(event: Event, registration_id: int, viewer: Viewer) -> Registration | None:
    """Return one of those who registered for an event, as far as `viewer` may know them."""
    return db.session.scalar(_known(event, viewer).where(Registration.id == registration_id))


# By hand ----------------------------------------------------------------------------------------------------------
# Those who hold an event decide who comes. Once it has begun they note who came, and nobody gets a message.


class Namesake(Exception):
    """Somebody of this name is on the list, and nothing tells one from the other."""


def enter(
    event: Event, author: User, typed: dict, *, key: str, is_beyond: bool = False, is_another: bool = False
) -> tuple[Registration, bool]:
    """Write down somebody by hand; return them, and whether they were not there before.

    `typed`: the arguments of `registrations.register`; `key`: that of the form, which writes down one person;
    `is_beyond`: with a place, be it above the number of seats; `is_another`: not the one of this name who is there.
    Raises `Closed` and `Namesake`. Call it with the event locked.
    """
    hand = f"hand:{key}"
    if sent := db.session.scalar(select(Registration).filter_by(event_id=event.id, key=hand)):
        return sent, False
    known = select(Registration.id, Registration.name)
    there = dict(
        db.session.execute(known.where(Registration.event_id == event.id, Registration.status.in_(STANDING))).all()
    )
    is_unknown = not typed["email"] and not typed["phone"]
    if is_unknown and not is_another and plain(typed["name"]) in map(plain, there.values()):
        raise Namesake
    person = registrations.register(event, **typed, entered_by=author)
    if person.id in there:
        person.phone, person.answers = person.phone or typed["phone"], typed["answers"] | person.answers
        return person, False
    person.key = hand if is_unknown else person.key
    person.email = accounts.normal_email(typed["email"])  # be it that of an account: the list shows what was typed
    if person.status == RegistrationStatus.WAITING and (is_beyond or event.has_begun):
        give_place(person)
    elif event.has_begun:
        _hold_back(person)
    return person, True


def give_place(person: Registration) -> None:
    """Give somebody a place, be it above the number of seats. They are told so, and nothing else that still waits to
    be sent. Call it with the event locked."""
    offers.give(person)
    db.session.flush()
    _hold_back(person)
    if not person.event.has_begun:
        outbox.post_many(messages.placed(person))
    offers.has_changed(person.event)


def remove(person: Registration) -> None:
    """Take somebody off the list, and tell them. Call it with the event locked."""
    if person.event.has_begun:
        offers.leave(person)
        _hold_back(person)
    else:
        registrations.cancel(person, by_organiser=True)


def _hold_back(person):
    """Drop what waits to tell somebody where they stood."""
    is_unsent = (Delivery.key.like(f"registration:{person.id}:%"), Delivery.state == DeliveryState.WAITING)
    db.session.execute(delete(Delivery).where(*is_unsent).execution_options(synchronize_session=False))


def may_be_placed(person: Registration) -> bool:
    """Tell whether those who hold the event may give this person a place: an address, if there is one, is proved."""
    has_one = person.status in (RegistrationStatus.CONFIRMED, RegistrationStatus.UNCONFIRMED)
    return not has_one and not person.erased_at and not seats.closed(person.event, is_by_hand=True)


def may_be_removed(person: Registration) -> bool:
    """Tell whether those who hold the event may take this person off the list."""
    return person.is_standing and not seats.closed(person.event, is_by_hand=True)


def is_told(person: Registration) -> bool:
    """Tell whether what changes for this person is told to them."""
    return bool(messages.reach(person)) and not person.event.has_begun


# What they said ---------------------------------------------------------------------------------------------------


def question(event: Event, code: str) -> str:
    """Return the words of a question; nothing when nobody knows them any more."""
    return event.own_question if code == "own" else QUESTION.get(code, "")


def answers(event: Event, person: Registration) -> list[tuple[str, str]]:
    """Return (question, answer) of what somebody said, the organisation aside."""
    codes = [code for code in dict.fromkeys([*event.asked, *person.answers]) if code != Question.ORGANISATION]
    said = [(question(event, code), person.answers.get(code, "")) for code in codes]
    return [(words, answer) for words, answer in said if words and answer]


def plain(name: str) -> str:
    """Return a name by which people are compared: without accents and capitals, where its script has any."""
    return fold(name) or name


def has_account(person: Registration) -> bool:
    """Tell whether somebody registered with their account. Of whoever was written down by hand, not even that they
    have one is told: an address may be typed to find out."""
    return person.user is not None and not person.entered_by_id and not person.email


def structure(person: Registration) -> str:
    """Return for whom somebody comes: what they said, or the council with which they registered themselves."""
    council = person.user.council if has_account(person) else None
    return person.answers.get(Question.ORGANISATION) or (council.name if council else "")


def phone(person: Registration) -> str:
    """Return the number of somebody as it is dialled; nothing when they gave none."""
    return display(person.phone) if person.phone else ""


# On paper ---------------------------------------------------------------------------------------------------------


def table(event: Event, viewer: Viewer) -> Iterator[list[str]]:
    """Yield the rows of the table that organisers take home, its head first: who comes or waits, and nobody else."""
    people = db.session.scalars(_expected(event, viewer)).all()
    given = [code for person in people for code in person.answers]  # to questions that are asked no more, too
    codes = [code for code in dict.fromkeys([*event.asked, *given]) if code != Question.ORGANISATION]
    codes = [code for code in codes if question(event, code)]
    head = ["Nom", "Association ou structure", *(question(event, code) for code in codes)]
    yield [*head, "Courriel", "Téléphone", "Situation", "Depuis le", "Saisie par"]
    for person in people:
        said = [person.answers.get(code, "") for code in codes]
        since = f"{clock(event.time_zone, person.placed_at or person.queued_at):%d/%m/%Y %H:%M}"
        by = person.entered_by.name if person.entered_by else ""
        known = [person.email, phone(person), REGISTRATION_STATUS[person.status], since, by]
        yield [person.name, structure(person), *said, *known]


def sheet(event: Event, viewer: Viewer) -> dict[Part, list[Registration]]:
    """Return who is expected, by last name, and who may still come: those to whom a place is offered, and those who
    wait, in their order."""
    people = db.session.scalars(_expected(event, viewer)).all()
    parts = {part: [one for one in people if PART_OF[one.status] is part] for part in Part}
    parts[Part.PLACED].sort(key=lambda one: (*map(fold, split_name(one)), one.id))
    return parts


def _expected(event, viewer):
    return people_of(event, viewer).where(Registration.status.in_(STANDING))


def split_name(person: Registration) -> tuple[str, str]:
    """Return the last name and the first name of somebody: as their account has them, or else as they are mostly typed
    in one field, the first name before the last name unless only the latter is in capitals."""
    words = person.name.split()
    last = person.user.last_name if has_account(person) else ""
    if last and fold(person.name).endswith(f" {fold(last)}"):
        begin = len(words) - len(last.split())
        return " ".join(words[begin:]), " ".join(words[:begin])
    capital = [word for word in words if word.isupper() and len(word.strip(".")) > 1]
    if capital and len(capital) < len(words):
        return " ".join(capital), " ".join(word for word in words if word not in capital)
    begin = max(len(words) - 1, 0)
    while begin > 1 and fold(words[begin - 1]) in PARTICLES:
        begin -= 1
    return " ".join(words[begin:]), " ".join(words[:begin])


def sheet_name(person: Registration) -> str:
    """Return a name as a list in the order of last names shows it: « LE GALL Anne »."""
    last, first = split_name(person)
    return f"{last.upper()} {first}".rstrip()
