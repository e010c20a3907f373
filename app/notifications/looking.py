"""The look at a message just before it leaves: does it still tell something to somebody who may read it?"""

from sqlalchemy import and_, exists, or_, select, true
from sqlalchemy.orm import selectin_polymorphic

from app.access import may_read, near, readable, viewer_of
from app.extensions import db
from app.labels import OPEN, AlertTopic, Channel, RegistrationStatus, Rhythm
from app.models import Activity, AlertChoice, Delivery, Event, Publication, Reading, Registration, User
from app.notifications import digests, discussions, hearing, newsletter, outbox, publications
from app.notifications.message import items_of, kept, only, topics_of
from app.notifications.recipients import (
    ALERT,
    DIGEST,
    DISCUSSION,
    FOLLOWING,
    REMINDER,
    concerned_by,
    followers,
    hearers,
    not_seen,
    told,
)

GONE = "Non envoyé : cette personne ne peut plus le lire."
READ = "Non envoyé : cette personne l’a lu entre-temps sur le site."
PAUSED = "Non envoyé : cette personne a mis ses alertes en pause."
MOVED = "Non envoyé : l’événement a été annulé, déplacé ou retiré."
UNWANTED = "Non envoyé : cette personne n’est plus concernée, ou ne veut plus de ces messages."
LEFT = "Non envoyé : cette personne n’est plus inscrite."


def objection(delivery: Delivery) -> str:
    """Return why a claimed message must not leave any more, in French; nothing when it may.

    A digest loses what its reader may no longer read. Call it in the write transaction that hands the message over.
    Messages about one's own registration, or account, hang on no right to read.
    """
    if delivery.issue_id is not None:
        return newsletter.objection(delivery)
    looks = {ALERT: _alert, REMINDER: _reminder, DIGEST: _digest, FOLLOWING: _following, DISCUSSION: _discussion}
    is_bare = delivery.kind != DISCUSSION and delivery.person_id is None and delivery.publication_id is None
    if delivery.kind not in looks or is_bare:
        return ""
    person = db.session.get(User, delivery.person_id) if delivery.person_id else None
    if person is not None and person.alerts_paused_at:
        return PAUSED
    return looks[delivery.kind](delivery, person)


def _alert(delivery, person):
    """An alert says what is so at this instant, to whoever still wants it; what it told of a while ago may be no
    more."""
    publication, activity = db.session.get(Publication, delivery.publication_id or 0), _activity(delivery)
    if publication is None or person is None or not person.is_active or not _may_be_told(person, publication, activity):
        return GONE
    if not _is_told(delivery, person, publication, AlertTopic(publication.kind)):
        return UNWANTED
    if _has_read_since(delivery, person.id):
        return READ
    if activity is None:
        return ""
    message = publications.restated(activity, publication, person, delivery.channel)
    if message is None:
        return MOVED
    _rewrite(delivery, message.to_json())
    return ""


def _activity(delivery):
    return db.session.get(Activity, delivery.activity_id) if delivery.activity_id else None


def _may_be_told(person, publication, activity):
    """That an event will not take place is told of what is in the bin, too."""
    if activity is not None and activity.verb == "event.cancelled":
        return publications.may_be_told_of_end(viewer_of(person), publication)
    return may_read(viewer_of(person), publication)


def _is_told(delivery, person, publication, topic, rhythms=publications.SOONER, them=None):
    """Tell whether somebody is still of those whom a publication concerns, and wants to be told this way."""
    them = concerned_by(publication) if them is None else them
    row = db.session.execute(told(and_(User.id == person.id, them), topic, delivery.kind, rhythms)).one_or_none()
    return row is not None and bool(row.by_mail if delivery.channel == Channel.MAIL else row.by_sms)


def _rewrite(delivery, content):
    if content != delivery.content:
        outbox.rewrite(delivery, delivery.owner, content)


def _has_read_since(delivery, user_id):
    there = (Reading.user_id == user_id, Reading.publication_id == delivery.publication_id)
    return db.session.scalar(select(exists().where(*there, Reading.read_at >= delivery.created_at)))


def _following(delivery, person):
    """What has changed in a document is for whoever still follows it."""
    publication = db.session.get(Publication, delivery.publication_id or 0)
    if publication is None or person is None or not person.is_active or not _may_read_now(person, publication):
        return GONE
    if not any(followers(publication, User.id == person.id)):
        return UNWANTED
    return READ if _has_read_since(delivery, person.id) else ""


def _may_read_now(person, publication):
    """Of what was hidden meanwhile, its author is not told either."""
    return publication.is_shown and may_read(viewer_of(person), publication)


def _discussion(delivery, person):
    """A message is for whoever still follows what it belongs to, may read it, has not done so, and wants to be told at
    once: the digests of others tell of it."""
    message = discussions.find(delivery.message_id)
    if message is None or person is None or not may_read(viewer_of(person), message):
        return GONE
    me = User.id == person.id
    if db.session.scalar(select(~exists().where(me, not_seen(message)))):
        return READ
    row = db.session.execute(told(and_(me, hearers(message)), AlertTopic.FORUM, DISCUSSION)).one_or_none()
    if row is None or not row.by_mail:
        return UNWANTED
    _rewrite(delivery, discussions.mail_to(person, message).to_json())
    return ""


def _reminder(delivery, person):
    """A reminder is for whoever has a place, and for members who may read of an event that they have not declined; of
    those with an account, for whoever still wants reminders."""
    event = db.session.get(Event, delivery.publication_id or 0)
    if event is None or event.starts_at != delivery.useful_until or not event.takes_place:
        return MOVED
    statuses = set(db.session.scalars(_statuses(delivery)))
    has_place = RegistrationStatus.CONFIRMED in statuses
    if person is None or (not has_place and RegistrationStatus.CANCELLED in statuses):
        return "" if has_place else LEFT
    may = person.status in OPEN if has_place else person.is_active and may_read(viewer_of(person), event)
    if not may:
        return GONE
    them = true() if has_place else concerned_by(event)
    is_told = _is_told(delivery, person, event, AlertTopic.REMINDER, (Rhythm.NOW,), them)
    return "" if is_told else UNWANTED


def _statuses(delivery):
    column = Registration.email if delivery.channel == Channel.MAIL else Registration.phone
    is_theirs = or_(Registration.user_id == (delivery.person_id or 0), column == delivery.recipient)
    return select(Registration.status).where(Registration.event_id == delivery.publication_id, is_theirs)


def _digest(delivery, person):
    """Leave what still concerns the person, who may read it, has not read it and wants to be told of it, as it is at
    this instant; nothing left is no digest."""
    if person is None or not person.is_active:
        return GONE
    items, topics = _items_left(delivery, person), hearing.left(person, topics_of(delivery.content))

    def restate(line):
        if (topic_id := line.get("topic_id")) is not None:
            return kept(topics[topic_id].line()) if topic_id in topics else None
        item = items.get(line["publication_id"])
        return _line(item, line["state"]) if item else None

    _rewrite(delivery, only(delivery.content, restate))
    return "" if delivery.content["sections"] else GONE


def _items_left(delivery, person):
    """Return the publications of a digest that are still for its reader, by their ids."""
    if not (ids := items_of(delivery.content)):
        return {}
    viewer = viewer_of(person)
    read = exists().where(
        Reading.user_id == person.id, Reading.publication_id == Publication.id, Reading.read_at >= delivery.created_at
    )
    unwanted = exists().where(
        AlertChoice.user_id == person.id, AlertChoice.topic == Publication.kind, AlertChoice.rhythm == Rhythm.NEVER
    )
    mine = select(Publication).where(Publication.id.in_(ids), readable(Publication, viewer), near(viewer))
    left = db.session.scalars(mine.where(~read, ~unwanted).options(selectin_polymorphic(Publication, [Event])))
    return {item.id: item for item in left}


def _line(item, state):
    """Return a line of a digest as it is to be read now; None for what was announced and is over."""
    if isinstance(item, Event) and state != digests.MINUTES:
        if item.is_over:
            return None
        state = digests.CANCELLED if item.cancelled_at else state
    return kept(publications.line_of(item, state))
