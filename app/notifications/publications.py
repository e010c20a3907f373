"""Who is told at once of what a council publishes, and what they are told."""

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from app.access import may_read, members_of, viewer_of
from app.extensions import db
from app.labels import DEFAULT_RHYTHM, AlertTopic, Channel, PublicationKind, Rhythm, Visibility
from app.models import Activity, Address, AlertChoice, Event, OptOut, Publication, User
from app.notifications.dispatch import Alert
from app.notifications.links import site_address
from app.notifications.message import Message
from app.notifications.outbox import ALL
from app.templating import sitting

KIND = "alert"
WORDS = {  # what is new, who did what, what to press
    PublicationKind.DOCUMENT: ("Nouveau document", "a publié un document", "Lire le document"),
    PublicationKind.ACTION: ("Nouvelle action", "a publié une fiche-action", "Lire la fiche-action"),
    PublicationKind.EVENT: ("Nouvel événement", "annonce un événement", "Voir l’événement"),
}


def told(kind: str, council_id: int, author_id: int | None) -> Select:
    """Return the query of those who are told at once that a council publishes something of this kind: (person, by
    mail, by SMS). These are its other members who chose so, whose address takes what the site sends."""
    topic = AlertTopic(kind)
    by_mail = and_(func.coalesce(AlertChoice.rhythm, DEFAULT_RHYTHM[topic]) == Rhythm.NOW, _takes(Channel.MAIL))
    has_number = and_(User.phone.is_not(None), User.phone_confirmed_at.is_not(None))
    by_sms = and_(AlertChoice.by_sms.is_(True), has_number, _takes(Channel.SMS))
    chosen = and_(AlertChoice.user_id == User.id, AlertChoice.topic == topic)
    return (
        select(User, by_mail.label("by_mail"), func.coalesce(by_sms, False).label("by_sms"))
        .outerjoin(AlertChoice, chosen)
        .where(members_of(council_id), User.alerts_paused_at.is_(None), User.id != (author_id or 0))
        .where(or_(by_mail, by_sms))
        .order_by(User.id)
    )


def _takes(channel: Channel) -> ColumnElement[bool]:
    """Return the condition that the address of a person is not switched off, and that they stopped no alerts there."""
    address = User.email if channel == Channel.MAIL else User.phone
    off = exists().where(Address.channel == channel, Address.address == address, Address.off_since.is_not(None))
    stopped = exists().where(OptOut.channel == channel, OptOut.address == address, OptOut.kind.in_([KIND, ALL]))
    return and_(~off, ~stopped)


# Rules: read again when the activity is dispatched, with the rights of that moment --------------------------------


def _announce(activity: Activity):
    """Yield an alert to each person who is told at once and may read it."""
    publication = db.session.get(Publication, activity.subject_id)
    if publication is None:
        return
    people = db.session.execute(told(publication.kind, publication.council_id, activity.actor_id))
    for person, by_mail, by_sms in people.all():
        if may_read(viewer_of(person), publication):
            message = _message(publication, person)
            if by_mail:
                yield _alert(publication, person, message, Channel.MAIL, person.email)
            if by_sms:
                yield _alert(publication, person, message, Channel.SMS, person.phone)


def _tell_nobody(activity: Activity):
    """Yield nothing: a correction rings in nobody's pocket."""
    return iter(())


def _message(publication, person):
    new, did, words = WORDS[publication.kind]
    author = publication.author.name if publication.author else "Un membre"
    place = {"path": publication.path, "item_id": publication.id, "slug": publication.slug}
    return Message(
        f"{new} : {publication.title}",
        (
            f"Bonjour {person.first_name},",
            f"{author} {did} pour le conseil citoyen « {publication.council.name} » :",
            f"« {publication.title} »",
            *_more(publication),
        ),
        link=(words, site_address("publications.items.show", **place)),
        short=f"{new} : {publication.title}",
        why="vous êtes membre de ce conseil citoyen",
    )


def _more(publication):
    """Yield what a mail may tell beside the title: mails are passed on, so only what everybody may read."""
    if publication.level == Visibility.PUBLIC:
        if isinstance(publication, Event) and publication.starts_at:
            yield sitting(publication.starts_at, publication.ends_at, publication.time_zone)
        if publication.summary:
            yield publication.summary


def _alert(publication, person, message, channel, address):
    ends_at = publication.ends_at if isinstance(publication, Event) else None
    columns = {"name": person.name, "council_id": publication.council_id, "useful_until": ends_at}
    return Alert(str(person.id), address, message, KIND, channel=channel, columns=columns)


RULES = (
    {f"{kind}.published": _announce for kind in PublicationKind}
    | {f"{kind}.changed": _tell_nobody for kind in PublicationKind}
    | {"event.minutes": _tell_nobody}
)
