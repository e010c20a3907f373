"""Who is told of what councils share: those whom it concerns, by their choices, and those who registered."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, or_, select, true

from app.access import concerned, gathered, may_read, may_steer, viewer_of
from app.extensions import db
from app.labels import (
    DEFAULT_RHYTHM,
    OPEN,
    AlertTopic,
    Channel,
    RegistrationStatus,
    Rhythm,
    Role,
    UserStatus,
    Visibility,
)
from app.models import (
    Address,
    AlertChoice,
    Category,
    CategoryCursor,
    Event,
    Follow,
    Message,
    OptOut,
    Publication,
    Reading,
    Registration,
    TopicCursor,
    User,
)
from app.models.registration import STANDING
from app.notifications.outbox import ALL

ALERT, DIGEST, REMINDER, REGISTRATION = "alert", "digest", "reminder", "registration"  # kinds of messages
FOLLOWING, DISCUSSION = "following", "discussion"
LATER = (Rhythm.DAILY, Rhythm.WEEKLY)


class Listener(NamedTuple):
    """Somebody who is told, and by which ways."""

    person: User
    by_mail: bool
    by_sms: bool


class Registered(NamedTuple):
    """Somebody who registered for an event: `user_id` is that of their account, or None; `key` tells people apart.
    `called` is how a message addresses them."""

    key: str
    user_id: int | None
    name: str
    email: str
    phone: str
    registration_id: int
    called: str

    @property
    def way(self) -> tuple[Channel, str] | None:
        """How they are told: by mail, else by SMS; None: the organiser wrote down neither."""
        if self.email:
            return Channel.MAIL, self.email
        return (Channel.SMS, self.phone) if self.phone else None


def last_change(publication: Publication) -> datetime | None:
    """Return since when its readers have something new to read there; None for a draft."""
    names = ("published_at", "edited_at", "cancelled_at", "minutes_at")
    return max(filter(None, (getattr(publication, name, None) for name in names)), default=None)


# Choices ----------------------------------------------------------------------------------------------------------


def rhythm_of(topic: AlertTopic) -> ColumnElement:
    """Return the rhythm of a person for a topic, in a query with `chosen`."""
    return func.coalesce(AlertChoice.rhythm, DEFAULT_RHYTHM[topic])


def chosen(topic: AlertTopic) -> ColumnElement[bool]:
    """Return the condition that joins the choice of a person for a topic, where there is one."""
    return and_(AlertChoice.user_id == User.id, AlertChoice.topic == topic)


def takes(channel: Channel, kind: str) -> ColumnElement[bool]:
    """Return the condition that an address of a person is not switched off, and that they have not stopped messages
    of this kind there."""
    address = User.email if channel == Channel.MAIL else User.phone
    off = exists().where(Address.channel == channel, Address.address == address, Address.off_since.is_not(None))
    stopped = exists().where(OptOut.channel == channel, OptOut.address == address, OptOut.kind.in_([kind, ALL]))
    return and_(~off, ~stopped)


def animators() -> list[User]:
    """Return those who run the site."""
    people = select(User).where(User.role == Role.ANIMATOR, User.status == UserStatus.ACTIVE).order_by(User.id)
    return [person for person in db.session.scalars(people) if may_steer(viewer_of(person))]


def _by_mail(topic, kind, rhythms):
    return and_(rhythm_of(topic).in_(rhythms), takes(Channel.MAIL, kind))


def _by_sms(kind):
    return and_(func.coalesce(AlertChoice.by_sms, False), _has_number(), takes(Channel.SMS, kind))


def _has_number():
    return and_(User.phone.is_not(None), User.phone_confirmed_at.is_not(None))


def told(
    them: ColumnElement[bool], topic: AlertTopic, kind: str = ALERT, rhythms: Collection[Rhythm] = (Rhythm.NOW,)
) -> Select:
    """Return the query of those of `them` (a condition of people) who are told: (person, by mail, by SMS). By mail are
    those whose rhythm for the topic is one of `rhythms`; nobody whose address takes no messages of this kind, or who
    has paused their alerts."""
    by_mail, by_sms = _by_mail(topic, kind, rhythms), _by_sms(kind)
    return (
        select(User, by_mail.label("by_mail"), by_sms.label("by_sms"))
        .outerjoin(AlertChoice, chosen(topic))
        .where(them, User.alerts_paused_at.is_(None), or_(by_mail, by_sms))
        .order_by(User.id)
    )


def counts(them: ColumnElement[bool], topic: AlertTopic) -> Select:
    """Return the query that counts those of `them` who are told of something: at once by whatever way, by mail, by
    SMS, and later in a digest."""
    by_mail, by_sms = _by_mail(topic, ALERT, (Rhythm.NOW,)), _by_sms(ALERT)
    later = and_(rhythm_of(topic).in_(LATER), takes(Channel.MAIL, DIGEST))
    each = (or_(by_mail, by_sms), by_mail, by_sms, later)
    people = select(*(case((one, 1), else_=0).label(f"way{number}") for number, one in enumerate(each)))
    people = people.select_from(User).outerjoin(AlertChoice, chosen(topic))
    people = people.where(them, User.alerts_paused_at.is_(None)).subquery()
    return select(*(func.coalesce(func.sum(column), 0) for column in people.c))


# People -----------------------------------------------------------------------------------------------------------


def concerned_by(publication: Publication) -> ColumnElement[bool]:
    """Return the condition of the people whom a publication concerns first."""
    groups = [group.id for group in publication.groups] if publication.level == Visibility.GROUPS else ()
    territory_id = publication.territory_id if isinstance(publication, Event) else None
    return concerned(publication.council_id, Visibility(publication.level), groups, territory_id)


def listeners(
    publication: Publication, topic: AlertTopic, *conditions: ColumnElement[bool], may: Callable = may_read, **options
) -> Iterator[Listener]:
    """Yield those who are told of a publication, as far as they may read it at this moment (or another right, `may`)
    and meet `conditions`. `options` are those of `told`."""
    people = told(and_(concerned_by(publication), *conditions), topic, **options)
    for row in db.session.execute(people).all():
        if may(viewer_of(row[0]), publication):
            yield Listener(*row)


def followers(publication: Publication, *conditions: ColumnElement[bool]) -> Iterator[User]:
    """Yield those who follow a document, may read it at this moment, want such mails and meet `conditions`."""
    follows = exists().where(Follow.user_id == User.id, Follow.publication_id == publication.id, Follow.is_on.is_(True))
    is_there = and_(User.status == UserStatus.ACTIVE, User.alerts_paused_at.is_(None))
    people = select(User).where(follows, is_there, takes(Channel.MAIL, FOLLOWING), *conditions).order_by(User.id)
    for person in db.session.scalars(people).all():
        if may_read(viewer_of(person), publication):
            yield person


def hearers(message: Message) -> ColumnElement[bool]:
    """Return the condition of the people whom a message is for: of those who read its rubric, whoever follows the
    topic; of a message that begins one, whoever is told of the new topics of the rubric. Its author is not."""
    category = message.topic.category
    told = _hears(category) if message.number == 1 else _follows(message.topic_id)
    return and_(gathered(category), told, others_than(message.author_id))


def _follows(topic_id):
    mine = (TopicCursor.user_id == User.id, TopicCursor.topic_id == topic_id)
    return exists().where(*mine, TopicCursor.is_followed.is_(True))


def _hears(category: Category):
    mine = (CategoryCursor.user_id == User.id, CategoryCursor.category_id == category.id)
    if category.group_id is None:
        return exists().where(*mine, CategoryCursor.is_followed.is_(True))
    return ~exists().where(*mine, CategoryCursor.is_followed.is_(False))


def not_seen(message: Message) -> ColumnElement[bool]:
    """Return the condition of the people who have not read a message on the site."""
    topic, category_id = TopicCursor, message.topic.category_id
    read = exists().where(topic.user_id == User.id, topic.topic_id == message.topic_id, topic.number >= message.number)
    marked = exists().where(
        CategoryCursor.user_id == User.id, CategoryCursor.category_id == category_id,
        CategoryCursor.read_at >= message.created_at,
    )  # fmt: skip
    return and_(~read, ~marked)


def others_than(*user_ids: int | None) -> ColumnElement[bool]:
    """Return the condition of everybody but some people: what somebody did is not told to them."""
    known = [user_id for user_id in user_ids if user_id]
    return User.id.not_in(known) if known else true()


def not_read(publication_id: int, since: datetime) -> ColumnElement[bool]:
    """Return the condition of the people who have not opened the page of a publication since an instant."""
    read = exists().where(
        Reading.user_id == User.id, Reading.publication_id == publication_id, Reading.read_at >= since
    )
    return not_(read)


def registered(event_ids: Collection[int], statuses: Collection[RegistrationStatus]) -> Select:
    """Return the query of those who registered for some events and stand there, for `as_registered`."""
    return (
        select(
            Registration.id, Registration.user_id, Registration.name, Registration.email, Registration.phone,
            Registration.event_id, User.email.label("account"), User.first_name, User.status,
        )
        .outerjoin(User, User.id == Registration.user_id)
        .where(Registration.event_id.in_(event_ids), Registration.status.in_(statuses))
        .where(Registration.erased_at.is_(None))
        .order_by(Registration.id)
    )  # fmt: skip


def as_registered(row) -> Registered | None:
    """Return what a row of `registered` says; None when nobody can be told."""
    if row.user_id is not None and row.status not in OPEN:
        return None
    key = str(row.user_id) if row.user_id else f"r{row.id}"
    email, called = row.account or row.email, row.first_name or row.name
    return Registered(key, row.user_id, row.name, email, row.phone, row.id, called)


class Expected(NamedTuple):
    """Somebody who is told what happens to an event because they registered for it. `user` is their account, or None;
    `mail` and `number` are where they are told: nothing where they are not."""

    registration: Registration
    user: User | None
    mail: str
    number: str


def expected(event_id: int, *actor_ids: int | None) -> Select:
    """Return the query of those who are told what happens to an event because they registered (see `Expected`): by
    mail, and by SMS who chose that for events, or gave nothing but a number. Nobody of `actor_ids`, and nobody whom
    one reaches in no way."""
    mail = func.coalesce(User.email, Registration.email)
    has_chosen = and_(AlertChoice.by_sms.is_(True), User.alerts_paused_at.is_(None), _has_number())
    number = case((mail == "", Registration.phone), (has_chosen, User.phone), else_="")
    is_there = or_(Registration.user_id.is_(None), User.status.in_(OPEN))
    others = or_(Registration.user_id.is_(None), others_than(*actor_ids))
    return (
        select(Registration, User, mail.label("mail"), number.label("number"))
        .outerjoin(User, User.id == Registration.user_id)
        .outerjoin(AlertChoice, chosen(AlertTopic.EVENT))
        .where(Registration.event_id == event_id, Registration.status.in_(STANDING), is_there, others)
        .where(Registration.erased_at.is_(None), or_(mail != "", number != ""))
        .order_by(Registration.id)
    )


def count_of_expected(event_id: int, *actor_ids: int | None) -> Select:
    """Return the query that counts those of `expected`, each address once: how many are told, and how many by SMS."""
    people = expected(event_id, *actor_ids).order_by(None).subquery().c
    way = func.coalesce(func.nullif(people.mail, ""), people.number)
    return select(func.count(way.distinct()), func.count(func.nullif(people.number, "").distinct()))
