"""What people are told of what councils share: something new, and events that change or do not take place."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import time

from app.access import VISITOR, Viewer, is_meant_for, viewer_of
from app.extensions import db
from app.labels import AlertTopic, Channel, Priority, PublicationKind, Rhythm, Visibility
from app.localtime import clock
from app.models import Activity, Event, Publication, User
from app.notifications import changes
from app.notifications.dispatch import Alert
from app.notifications.links import site_address
from app.notifications.message import Line, Message
from app.notifications.recipients import (
    ALERT,
    REGISTRATION,
    Expected,
    Registered,
    expected,
    listeners,
    not_read,
    others_than,
)
from app.notifications.registrations import PURPOSE
from app.signing import short
from app.templating import plural, quoted, sitting, weekday

WORDS = {  # what is new, who did what, what to press
    PublicationKind.DOCUMENT: ("Nouveau document", "a publié un document", "Lire le document"),
    PublicationKind.ACTION: ("Nouvelle action", "a publié une fiche-action", "Lire la fiche-action"),
    PublicationKind.EVENT: ("Nouvel événement", "annonce un événement", "Voir l’événement"),
}
SEE_EVENT = WORDS[PublicationKind.EVENT][2]
REGISTERED = "vous avez une place à cet événement, ou vous l’attendez"
FOLLOWED = "vous suivez les événements qui concernent votre conseil"
LAST_MINUTE = time(23, 59)  # of a day without its hour
SOONER = (Rhythm.NOW, Rhythm.DAILY, Rhythm.WEEKLY)  # whoever is told of events at all


# Rules: read again when the activity is dispatched, with the rights of that moment --------------------------------


def _announce(activity: Activity) -> Iterator[Alert]:
    """Yield an alert to each person who is told at once, may read it, and has not read it yet."""
    publication = db.session.get(Publication, activity.subject_id)
    if publication is None or not _is_news(publication):
        return
    unread = not_read(publication.id, publication.published_at)
    for person, by_mail, by_sms in listeners(
        publication, AlertTopic(publication.kind), others_than(activity.actor_id), unread
    ):
        yield from _alerts(publication, person, _news(publication, person), by_mail, by_sms)


def _is_news(publication):
    if publication.published_at is None:
        return False
    return not isinstance(publication, Event) or not (publication.cancelled_at or publication.is_over)


def _tell_change(activity: Activity) -> Iterator[Alert]:
    """Yield the change of an event, as far as it still differs from what it was, to those who registered and to those
    who are told at once."""
    event = db.session.get(Event, activity.subject_id)
    if event is not None and (story := _changed(event, activity)):
        yield from _to_all(event, activity, story, [not_read(event.id, event.edited_at)])


def _tell_cancelled(activity: Activity) -> Iterator[Alert]:
    """Yield that an event will not take place, be it in the bin by now."""
    event = db.session.get(Event, activity.subject_id)
    if event is not None and (story := _cancelled(event)):
        unread = [not_read(event.id, event.cancelled_at)] if event.cancelled_at else []
        yield from _to_all(event, activity, story, unread, may=may_be_told_of_end, rhythms=SOONER)


def may_be_told_of_end(viewer: Viewer, event: Event) -> bool:
    """Tell whether `viewer` may be told that an event will not take place, be it in the bin by now."""
    return not event.hidden_at and is_meant_for(viewer, event)


def _tell_nobody(activity: Activity) -> Iterator[Alert]:
    """Yield nothing: a correction rings in nobody's pocket."""
    return iter(())


def _to_all(event, activity, story, conditions, **options):
    """Yield what happened to an event: to those who registered, whatever they chose, and to the other listeners."""
    actors = _actors_of(activity)
    people = [Expected(*row) for row in db.session.execute(expected(event.id)).all()]
    yield from _to_registered(event, story, [one for one in people if one.user is None or one.user.id not in actors])
    known = {one.user.id if one.user else one.mail for one in people}
    for person, by_mail, by_sms in listeners(event, AlertTopic.EVENT, others_than(*actors), *conditions, **options):
        if known.isdisjoint((person.id, person.email)):
            yield from _alerts(event, person, story.to_listener(person), by_mail, by_sms)


def _to_registered(event, story, people):
    """Yield what happened to those who registered, each address once."""
    past, told = changes.history(event.id), set()
    for one in people:
        said = story if _still_concerns(event, one) else story.for_strangers(past, one.registration.created_at)
        for channel, address in ((Channel.MAIL, one.mail), (Channel.SMS, one.number)):
            if address and address not in told:
                told.add(address)
                yield _alert_of(event, one, said, channel, address)


def _still_concerns(event, one):
    """Tell whether somebody who registered may still be told where and when: an event may have been narrowed since.
    Whomever its organisers wrote down, they let in."""
    if event.hidden_at:
        return False
    if one.user is None and one.registration.entered_by_id is not None:
        return True
    return is_meant_for(viewer_of(one.user) if one.user else VISITOR, event)


def _actors_of(activity):
    """Return the ids of who did it: of a change that several have made, of all of them."""
    return (activity.data or {}).get("actors") or [activity.actor_id]


# What happens to an event -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """What happened to an event: in a word (« Annulé »), a sentence and what follows it, and in an SMS. `careful`: what
    follows for members, who pass mails on, of an event that is not public. `strange`: the sentence for those who may
    not read the event any more."""

    event: Event
    news: str
    sentence: str
    words: tuple[str, ...]
    careful: tuple[str, ...]
    short: str
    strange: str

    def to_listener(self, person: User) -> Message:
        """Return it as a member gets it."""
        words = self.words if self.event.level == Visibility.PUBLIC else self.careful
        link = None if self.event.is_gone else address_of(self.event)
        return self._message(person.first_name, words, link, FOLLOWED)

    def to_registered(self, called: str, link: str | None) -> Message:
        """Return it as somebody who registered gets it."""
        return self._message(called, self.words, link, REGISTERED)

    def _message(self, called, words, link, why):
        title = self.event.title
        return Message(
            f"{self.news} : {title}",
            (f"Bonjour {called},", self.sentence, quoted(title), *words),
            link=(SEE_EVENT, link) if link else None,
            short=self.short,
            why=why,
        )

    def for_strangers(self, past, since) -> "Strange":
        """Return it for somebody who registered at an instant and may not read the event any more."""
        return Strange(self, changes.as_of(past, self.event, since))


@dataclass(frozen=True)
class Strange:
    """The same for those who may not read the event any more: only what they knew of it, `before`."""

    story: Story
    before: dict

    def to_registered(self, called: str, link: str | None) -> Message:
        """Return it as somebody who registered gets it."""
        title, when = self.before["title"], changes.when(self.before)
        return Message(
            f"{self.story.news} : {title}",
            (f"Bonjour {called},", self.story.strange, quoted(title), *([f"Il était prévu {when}."] if when else [])),
            link=("Voir mon inscription", link) if link else None,
            short=f"{self.story.news} : {title}{f', {when}' if when else ''}",
            why=REGISTERED,
        )


def _changed(event, activity):
    """Return the change of an event, as far as it still differs from what it was; None when there is none to tell."""
    if activity.data is None or event.is_over or not event.takes_place:
        return None
    found = changes.between(activity.data, changes.states([event.id])[event.id])
    if not found:
        return None
    return Story(
        event,
        "Changement",
        "L’annonce de cet événement a changé :",
        tuple(changes.sentences(event, activity.data, found, tells_where=True)),
        tuple(changes.sentences(event, activity.data, found, tells_where=False)),
        changes.in_short(event, found),
        "Un événement pour lequel vous aviez demandé une place a changé, et son annonce ne vous est plus ouverte. Pour "
        "en savoir plus, adressez-vous aux personnes qui l’organisent :",
    )


def _cancelled(event):
    """Return that an event will not take place; None when it does, or was never announced, or is over."""
    if event.is_draft or event.is_over or not (event.cancelled_at or event.is_gone):
        return None
    when = sitting(event.starts_at, event.ends_at, event.time_zone) if event.starts_at else ""
    words = (f"Il était prévu {when}.",) if when else ()
    if event.cancelled_reason:
        words += (f"La raison : {event.cancelled_reason}",)
    sentence = "Cet événement n’aura pas lieu :"
    day = f", {when}" if when else ""
    return Story(event, "Annulé", sentence, words, words, f"Annulé : {event.title}{day}", sentence)


def restated(activity: Activity, publication: Publication, person: User, channel: str) -> Message | None:
    """Return an alert that waits as it would be written at this instant; None when there is nothing to tell any
    more."""
    if activity.verb == "event.changed":
        story = _changed(publication, activity)
    elif activity.verb == "event.cancelled":
        story = _cancelled(publication)
    else:
        message = _news(publication, person) if _is_news(publication) else None
        return message and _by(channel, publication, message)
    return story and _by(channel, publication, story.to_listener(person))


# Messages ---------------------------------------------------------------------------------------------------------


def address_of(publication: Publication) -> str:
    """Return the address of a publication, for a mail."""
    place = {"path": publication.path, "item_id": publication.id, "slug": publication.slug}
    return site_address("publications.items.show", **place)


def short_address_of(event_id: int) -> str:
    """Return the address of an event that takes the least room in an SMS."""
    return site_address("publications.papers.short", item_id=event_id)


def registered_link(event: Event, one: Registered, page: str) -> str | None:
    """Return where somebody who registered reads more: the `page` of the event, when everybody may read it; else that
    of their own registration, which needs no account; nothing when the event is in the bin."""
    if event.is_gone:
        return None
    return page if event.level == Visibility.PUBLIC else own_address(one.registration_id)


def own_address(registration_id: int) -> str:
    """Return the address of the page of a registration."""
    return site_address("publications.registering.show", token=short(PURPOSE, registration_id))


def in_short(kind: str, title: str, when: str = "") -> str:
    """Return what an SMS says of something new; of an event that everybody may read, with its day and hour."""
    return f"{WORDS[kind][0]} : {title}{f', {when}' if when else ''}"


def line_of(publication: Publication, state: str) -> Line:
    """Return one line of a digest: mails are passed on, so that what not everybody may read has its title only."""
    is_dated = publication.level == Visibility.PUBLIC and isinstance(publication, Event) and publication.starts_at
    more = sitting(publication.starts_at, publication.ends_at, publication.time_zone) if is_dated else ""
    return Line(publication.id, state, publication.title, address_of(publication), more)


def _news(publication, person):
    is_dated = isinstance(publication, Event) and publication.level == Visibility.PUBLIC and publication.starts_at
    return Message(
        in_short(publication.kind, publication.title),
        (f"Bonjour {person.first_name},", _who(publication), f"« {publication.title} »", *_more(publication)),
        link=(WORDS[publication.kind][2], address_of(publication)),
        short=in_short(publication.kind, publication.title, changes.moment(publication) if is_dated else ""),
        why=_why(publication, person),
    )


def _who(publication):
    """Say who shares something: « Alice Martin annonce un événement pour… »."""
    news, did, _ = WORDS[publication.kind]
    author = publication.author.name if publication.author else "Quelqu’un"
    if publication.council is not None:
        return f"{author} {did} pour le conseil citoyen « {publication.council.name} » :"
    return f"{news}, annoncé par {quoted(publication.organiser)} :" if publication.organiser else f"{author} {did} :"


def _why(publication, person):
    if publication.council_id is None:
        return "cet événement concerne votre conseil citoyen"
    if publication.council_id == person.council_id:
        return "vous êtes membre de ce conseil citoyen"
    return "votre conseil citoyen est dans un groupe de travail avec celui-ci"


def _more(publication):
    """Yield what a mail may tell beside the title: mails are passed on, so only what everybody may read."""
    if publication.level == Visibility.PUBLIC:
        if isinstance(publication, Event):
            yield from _facts(publication)
        if publication.summary:
            yield publication.summary


def _facts(event):
    if event.starts_at:
        yield sitting(event.starts_at, event.ends_at, event.time_zone)
    if event.place or event.address:
        yield ", ".join(filter(None, (event.place, event.address)))
    if event.takes_registrations:
        seats = plural(event.seats, "place", "places") if event.seats is not None else ""
        until = f"jusqu’au {deadline(event)}" if event.register_until else ""
        yield f"{', '.join(filter(None, ('Sur inscription', seats, until)))}."


def deadline(event: Event) -> str:
    """Say until when one may register: a day, or a day and an hour; nothing without a deadline."""
    if event.register_until is None:
        return ""
    local = clock(event.time_zone, event.register_until)
    is_day = local.time().replace(second=0, microsecond=0) == LAST_MINUTE
    return weekday(local) if is_day else sitting(event.register_until, None, event.time_zone)


def _alerts(publication, person, message, by_mail, by_sms):
    """Yield a message by the ways that a person has chosen."""
    columns = _columns(publication, person.name, person.id)
    for channel, address in ((Channel.MAIL, by_mail and person.email), (Channel.SMS, by_sms and person.phone)):
        if address:
            said = _by(channel, publication, message)
            yield Alert(str(person.id), address, said, ALERT, channel=channel, columns=columns)


def _by(channel, publication, message):
    """Return a message as it goes one way: an SMS has room for a short address only."""
    if channel == Channel.MAIL or message.link is None or not isinstance(publication, Event):
        return message
    return replace(message, link=(message.link[0], short_address_of(publication.id)))


def _alert_of(event, one, said, channel, address):
    registration, user = one.registration, one.user
    is_open = isinstance(said, Story) and event.level == Visibility.PUBLIC
    page = address_of(event) if channel == Channel.MAIL else short_address_of(event.id)
    link = None if event.is_gone else page if is_open else own_address(registration.id)
    message = said.to_registered(user.first_name if user else registration.name, link)
    key = str(user.id) if user else f"r{registration.id}"
    columns = _columns(event, registration.name, user.id if user else None)
    return Alert(key, address, message, REGISTRATION, channel, Priority.REMINDER, columns)


def _columns(publication, name, person_id):
    return {
        "name": name, "council_id": publication.council_id, "useful_until": _until(publication),
        "person_id": person_id, "publication_id": publication.id,
    }  # fmt: skip


def _until(publication):
    """Return until when it is of use to be told of something: of an event, until it is over."""
    if not isinstance(publication, Event):
        return None
    return publication.ends_at or publication.starts_at


RULES = (
    {f"{kind}.published": _announce for kind in PublicationKind}
    | {f"{kind}.changed": _tell_nobody for kind in PublicationKind}
    | {"event.changed": _tell_change, "event.cancelled": _tell_cancelled, "event.minutes": _tell_nobody}
)
