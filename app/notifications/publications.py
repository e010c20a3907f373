"""What people are told of what councils share: something new, and events that change or do not take place."""

from collections.abc import Iterator

from app.extensions import db
from app.labels import AlertTopic, Channel, Priority, PublicationKind, Rhythm, Visibility
from app.models import Activity, Event, Publication
from app.models.registration import STANDING
from app.notifications import changes
from app.notifications.dispatch import Alert
from app.notifications.links import site_address
from app.notifications.message import Message
from app.notifications.recipients import (
    ALERT,
    REGISTRATION,
    Registered,
    as_registered,
    listeners,
    not_read,
    others_than,
    registered,
)
from app.notifications.registrations import PURPOSE
from app.signing import short
from app.templating import quoted, sitting

WORDS = {  # what is new, who did what, what to press
    PublicationKind.DOCUMENT: ("Nouveau document", "a publié un document", "Lire le document"),
    PublicationKind.ACTION: ("Nouvelle action", "a publié une fiche-action", "Lire la fiche-action"),
    PublicationKind.EVENT: ("Nouvel événement", "annonce un événement", "Voir l’événement"),
}
SEE_EVENT = WORDS[PublicationKind.EVENT][2]
REGISTERED = "vous êtes inscrit à cet événement, ou sur sa liste d’attente"
SOONER = (Rhythm.NOW, Rhythm.DAILY, Rhythm.WEEKLY)  # whoever is told of events at all


# Rules: read again when the activity is dispatched, with the rights of that moment --------------------------------


def _announce(activity: Activity) -> Iterator[Alert]:
    """Yield an alert to each person who is told at once, may read it, and has not read it yet."""
    publication = db.session.get(Publication, activity.subject_id)
    if publication is None or publication.published_at is None:
        return
    if isinstance(publication, Event) and (publication.cancelled_at or publication.is_over):
        return
    unread = not_read(publication.id, publication.published_at)
    for person, by_mail, by_sms in listeners(
        publication, AlertTopic(publication.kind), others_than(activity.actor_id), unread
    ):
        yield from _alerts(publication, person, _news(publication, person), by_mail, by_sms)


def _tell_change(activity: Activity) -> Iterator[Alert]:
    """Yield the change of an event, as far as it still differs from what it was, to those who registered and to those
    who are told at once."""
    event = db.session.get(Event, activity.subject_id)
    if event is None or activity.data is None or event.cancelled_at or event.is_over or _is_away(event):
        return
    found = changes.between(activity.data, changes.states([event.id])[event.id])
    if not found:
        return

    def message(name, link, *, is_expected):
        tells_where = is_expected or event.level == Visibility.PUBLIC
        words = changes.sentences(event, activity.data, found, tells_where=tells_where)
        return _about(event, name, link, "Changement", "L’annonce de cet événement a changé :", words, is_expected)

    yield from _to_all(event, activity, message, changes.in_short(event, found), not_read(event.id, event.edited_at))


def _tell_cancelled(activity: Activity) -> Iterator[Alert]:
    """Yield that an event will not take place. Of one in the bin, those alone are told who registered: nobody else has
    its page any more."""
    event = db.session.get(Event, activity.subject_id)
    is_gone = event is not None and (event.deleted_at or event.withdrawn_at)
    if event is None or event.published_at is None or event.is_over or not (event.cancelled_at or is_gone):
        return
    reason = [f"La raison : {event.cancelled_reason}"] if event.cancelled_reason else []
    when = sitting(event.starts_at, event.ends_at, event.time_zone) if event.starts_at else ""

    def message(name, link, *, is_expected):
        words = (*([f"Il était prévu {when}."] if when else []), *reason)
        return _about(event, name, link, "Annulé", "Cet événement n’aura pas lieu :", words, is_expected)

    unread = not_read(event.id, event.cancelled_at) if event.cancelled_at else None
    day = f", {when}" if when else ""
    yield from _to_all(event, activity, message, f"Annulé : {event.title}{day}", unread, rhythms=SOONER)


def _tell_nobody(activity: Activity) -> Iterator[Alert]:
    """Yield nothing: a correction rings in nobody's pocket."""
    return iter(())


def _is_away(publication):
    return publication.is_draft or any((publication.deleted_at, publication.withdrawn_at, publication.hidden_at))


def _to_all(event, activity, message, short_text, unread, **options):
    """Yield what happens to an event: to those who registered, whatever they chose, and to the other listeners."""
    known, page = set(), address_of(event)
    for one in expected(event.id):
        known |= {one.key, one.email}
        if one.way and one.key != str(activity.actor_id):
            said = message(one.name, registered_link(event, one, page), is_expected=True)
            yield _to_registered(event, one, said, short_text)
    if unread is None or _is_away(event):
        return
    for person, by_mail, by_sms in listeners(
        event, AlertTopic.EVENT, others_than(activity.actor_id), unread, **options
    ):
        if known.isdisjoint((str(person.id), person.email)):
            said = message(person.first_name, page, is_expected=False)
            yield from _alerts(event, person, said, by_mail, by_sms, short_text)


def expected(event_id: int) -> list[Registered]:
    """Return those who are told what happens to an event: with a place, or waiting for one."""
    rows = db.session.execute(registered([event_id], STANDING)).all()
    return [one for one in map(as_registered, rows) if one is not None]


# Messages ---------------------------------------------------------------------------------------------------------


def address_of(publication: Publication) -> str:
    """Return the address of a publication, for a mail."""
    place = {"path": publication.path, "item_id": publication.id, "slug": publication.slug}
    return site_address("publications.items.show", **place)


def registered_link(event: Event, one: Registered, page: str) -> str | None:
    """Return where somebody who registered reads more: the `page` of the event, when everybody may read it; else that
    of their own registration, which needs no account; nothing when the event is in the bin."""
    if event.deleted_at or event.withdrawn_at:
        return None
    if event.level == Visibility.PUBLIC:
        return page
    return site_address("publications.registering.show", token=short(PURPOSE, one.registration_id))


def title_of(kind: str, title: str) -> str:
    """Return what the subject of an alert, and an SMS, say of something new."""
    return f"{WORDS[kind][0]} : {title}"


def _news(publication, person):
    _, did, words = WORDS[publication.kind]
    author = publication.author.name if publication.author else "Un membre"
    is_of_council = publication.council is not None
    by = f"{author} {did} pour le conseil citoyen « {publication.council.name} » :" if is_of_council else (
        f"{publication.organiser or author} {did} :"
    )  # fmt: skip
    return Message(
        title_of(publication.kind, publication.title),
        (f"Bonjour {person.first_name},", by, f"« {publication.title} »", *_more(publication)),
        link=(words, address_of(publication)),
        why=_why(publication, person),
    )


def _why(publication, person):
    if publication.council_id is None:
        return "cet événement concerne votre conseil citoyen"
    if publication.council_id == person.council_id:
        return "vous êtes membre de ce conseil citoyen"
    return "votre conseil citoyen est dans un groupe de travail avec celui-ci"


def _more(publication):
    """Yield what a mail may tell beside the title: mails are passed on, so only what everybody may read."""
    if publication.level == Visibility.PUBLIC:
        if isinstance(publication, Event) and publication.starts_at:
            yield sitting(publication.starts_at, publication.ends_at, publication.time_zone)
        if publication.summary:
            yield publication.summary


def _about(event, name, link, news, sentence, words, is_expected):
    return Message(
        f"{news} : {event.title}",
        (f"Bonjour {name},", sentence, quoted(event.title), *words),
        link=(SEE_EVENT, link) if link else None,
        why=REGISTERED if is_expected else "vous suivez les événements qui concernent votre conseil",
    )


def _alerts(publication, person, message, by_mail, by_sms, short_text=""):
    """Yield a message by the ways that a person has chosen."""
    columns = {
        "name": person.name, "council_id": publication.council_id, "useful_until": _until(publication),
        "person_id": person.id, "publication_id": publication.id,
    }  # fmt: skip
    if by_mail:
        yield Alert(str(person.id), person.email, message, ALERT, columns=columns)
    if by_sms:
        said = _with_short(message, short_text)
        yield Alert(str(person.id), person.phone, said, ALERT, channel=Channel.SMS, columns=columns)


def _to_registered(event, one, message, short_text):
    channel, address = one.way
    columns = {
        "name": one.name, "council_id": event.council_id, "useful_until": _until(event), "person_id": one.user_id,
        "publication_id": event.id,
    }  # fmt: skip
    said = _with_short(message, short_text) if channel == Channel.SMS else message
    return Alert(one.key, address, said, REGISTRATION, channel, Priority.REMINDER, columns)


def _with_short(message, text):
    return Message(message.subject, message.paragraphs, message.link, text, message.why) if text else message


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
