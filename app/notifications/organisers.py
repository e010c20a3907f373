"""What the organisers of an event write to those who registered for it."""

from dataclasses import dataclass
from textwrap import shorten

from flask import current_app
from sqlalchemy import and_, case, func, select

from app.access import may_organise, viewer_of
from app.extensions import db
from app.labels import OPEN, Channel, Priority, RegistrationStatus, Visibility
from app.models import Activity, Event, Registration, User
from app.models.registration import STANDING
from app.notifications import gsm
from app.notifications.dispatch import Alert
from app.notifications.links import site_address
from app.notifications.message import Message
from app.notifications.recipients import as_registered, registered
from app.notifications.registrations import KIND, PURPOSE, SHORT_TITLE
from app.signing import short as short_token
from app.templating import quoted, sitting

VERB = "event.letter"
# To whom one may write: those with a place, those who have not said yes to theirs, those who wait, all of them.
GROUPS = {
    "placed": (RegistrationStatus.CONFIRMED,), "offered": (RegistrationStatus.OFFERED,),
    "waiting": (RegistrationStatus.WAITING,), "all": STANDING,
}  # fmt: skip
LIKELY = 36**4 - 1  # the number of a registration, in links that only show how long they are


@dataclass(frozen=True)
class Letter:
    """What an organiser writes, to which of the `GROUPS`. `reply`: how to reach them, in their own words, or nothing;
    `key`: that of the form."""

    group: str
    subject: str
    text: str
    reply: str = ""
    key: str = ""


@dataclass(frozen=True)
class Reached:
    """How many people a letter reaches by mail, by SMS, and not at all."""

    mails: int
    texts: int
    nobody: int

    @property
    def total(self) -> int:
        """How many people it reaches."""
        return self.mails + self.texts


def reached(event: Event) -> dict[str, Reached]:
    """Return how many people a letter to each of the `GROUPS` would reach."""
    people = registered([event.id], STANDING).order_by(None)
    row = people.add_columns(Registration.status.label("standing")).subquery().c
    is_left = and_(row.user_id.is_not(None), row.status.not_in(OPEN))
    has_mail = func.coalesce(row.account, row.email) != ""
    way = case((is_left, ""), (has_mail, Channel.MAIL), (row.phone != "", Channel.SMS), else_="")
    counts = db.session.execute(select(row.standing, way, func.count()).group_by(row.standing, way)).all()
    return {group: _sum(counts, statuses) for group, statuses in GROUPS.items()}


def _sum(counts, statuses):
    by_way = dict.fromkeys((Channel.MAIL, Channel.SMS, ""), 0)
    for standing, way, count in counts:
        by_way[way] += count if standing in statuses else 0
    return Reached(*by_way.values())


# The message ------------------------------------------------------------------------------------------------------


def message(event: Event, author: User, letter: Letter, name: str, number: int) -> Message:
    """Return a letter as the person of one registration gets it. Mails are passed on: they tell the day of an event
    only where everybody may read it."""
    is_told = event.level == Visibility.PUBLIC and event.starts_at
    when = f", {sitting(event.starts_at, event.ends_at, event.time_zone)}" if is_told else ""
    no_reply = f"Ne répondez pas à ce courriel : {author.name} ne le verrait pas."
    return Message(
        letter.subject,
        (
            f"Bonjour {name},",
            f"{author.name} vous écrit au sujet de {quoted(event.name)}{when}.",
            letter.text,
            f"Pour répondre : {letter.reply}" if letter.reply else no_reply,
        ),
        link=("Voir mon inscription", _address(number)),
        short=_short(event, letter),
        why="vous avez une inscription à cet événement, ou vous attendez une place",
    )


def _address(number):
    return site_address("publications.registering.show", token=short_token(PURPOSE, number))


def _short(event, letter):
    title = shorten(event.title, SHORT_TITLE, placeholder="…")
    return " ".join(filter(None, (f"{title} – {letter.subject} :", letter.text, letter.reply)))


def as_text_message(event: Event, letter: Letter) -> tuple[str, int, float]:
    """Return the SMS that a letter makes, without its link; how many are paid for, and their price in cents."""
    address = _address(LIKELY)
    text = gsm.shorten(_short(event, letter), link=address)
    segments = gsm.segments(text)
    return text.removesuffix(address).rstrip(), segments, segments * current_app.config["SMS_COST_CENTS"]


# The rule: read again when the activity is dispatched, with the rights of that moment -----------------------------


def _write(activity: Activity):
    """Yield the letter to each person of its group who is still there; nothing when its author organises no more."""
    event, author = db.session.get(Event, activity.subject_id), db.session.get(User, activity.actor_id or 0)
    if event is None or not event.is_shown or author is None or not may_organise(viewer_of(author), event):
        return
    letter = Letter(**activity.data)
    for row in db.session.execute(registered([event.id], GROUPS[letter.group])).all():
        person = as_registered(row)
        if person and person.way:
            yield _alert(event, person, message(event, author, letter, person.name, person.registration_id))


def _alert(event, person, content):
    channel, address = person.way
    columns = {"name": person.name, "council_id": event.council_id}
    key = f"r{person.registration_id}"
    return Alert(key, address, content, KIND, channel=channel, priority=Priority.REMINDER, columns=columns)


RULES = {VERB: _write}
