"""What people are told of discussions: a new topic where they follow the rubric, an answer where they follow the topic.

Digests tell the same to those who chose them: see `hearing`.
"""

from collections.abc import Iterator

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import defer, joinedload, selectinload

from app.access import may_answer, viewer_of
from app.extensions import db
from app.labels import AlertTopic
from app.models import Activity, Category, Delivery, Message, Topic, User
from app.models.user import GONE
from app.notifications.dispatch import Alert
from app.notifications.links import site_address
from app.notifications.message import Message as Mail
from app.notifications.recipients import DISCUSSION, hearers, not_seen, told
from app.templating import of_person, quoted

POSTED = "message.posted"
STOP = "appuyez sur « Ne plus suivre » sur sa page"
OF_TOPIC = f"vous suivez ce sujet. Pour ne plus le suivre, {STOP}"
OF_CATEGORY = f"vous suivez cette rubrique du forum. Pour ne plus la suivre, {STOP}"
OF_GROUP = (
    "votre conseil citoyen est dans ce groupe de travail. Pour ne plus être prévenu de ses nouveaux sujets, "
    "appuyez sur « Ne plus suivre » sur la page de ses discussions"
)
WHOLE = (
    joinedload(Message.topic).joinedload(Topic.category).joinedload(Category.group),
    joinedload(Message.author),
    *(defer(column) for column in (Message.text, Message.html, Message.opening)),
)


def find(message_id: int | None) -> Message | None:
    """Return a message of which people may be told, with its place, without its text: no mail carries it. None for one
    that is gone, taken away, or hidden."""
    found = select(Message).where(Message.id == message_id).options(*WHOLE).execution_options(populate_existing=True)
    message = db.session.scalar(found)
    is_told = message is not None and not (message.removed_at or message.hidden_at or message.topic.hidden_at)
    return message if is_told else None


def was_told(message: Message) -> bool:
    """Tell whether those whom a message that its author took away is for have been told of it already, or are about to
    be: False when its turn came while it was away. Ask before it is put back."""
    if db.session.scalar(select(exists().where(Delivery.message_id == message.id))):
        return True
    about = {"verb": POSTED, "subject_type": Message.__tablename__, "subject_id": message.id}
    last = select(Activity.dispatched_at).filter_by(**about).order_by(Activity.id.desc()).limit(1)
    dispatched_at = db.session.scalar(last)
    return dispatched_at is None or dispatched_at < message.removed_at


# The rule: read again when the activity is dispatched, with the rights of that moment -------------------------------


def _tell(activity: Activity) -> Iterator[Alert]:
    """Yield a message to those whom it is for, who are told at once and have not read it yet."""
    message = find(activity.subject_id)
    if message is None:
        return
    people = told(and_(hearers(message), not_seen(message)), AlertTopic.FORUM, DISCUSSION)
    for person, by_mail, _ in db.session.execute(people.options(selectinload(User.territories))).all():
        if by_mail:
            columns = {"name": person.name, "council_id": person.council_id, "person_id": person.id}
            columns |= {"message_id": message.id}
            yield Alert(str(person.id), person.email, mail_to(person, message), DISCUSSION, columns=columns)


def mail_to(person: User, message: Message) -> Mail:
    """Return the mail that tells somebody of a message: its topic's title and its address, for not everybody to whom a
    mail is passed on may read the text."""
    topic, is_new = message.topic, message.number == 1
    author = message.author.name if message.author else GONE
    news = "Nouveau sujet" if is_new else f"Réponse {of_person(author)}"
    did = f"{author[:1].upper()}{author[1:]} {'a ouvert un sujet de discussion' if is_new else 'a répondu'}"
    read = "Lire le sujet" if is_new else "Lire la réponse"
    return Mail(
        f"{news} : {topic.title}",
        (f"Bonjour {person.first_name},", f"{did} dans {_place(topic.category)} :", quoted(topic.title)),
        link=(read, site_address("community.messages.show", message_id=message.id)),
        also=(("Répondre", reply_address(topic, message.number)),) if may_answer(viewer_of(person), topic) else (),
        why=_why(topic.category) if is_new else OF_TOPIC,
    )


def reply_address(topic: Topic, number: int) -> str:
    """Return the address of the form that answers in a topic, below the message of this number."""
    return site_address("community.topics.reply", topic_id=topic.id, slug=topic.slug, a=number)


def _place(category):
    if category.group is not None:
        return f"le groupe de travail {quoted(category.group.name)}"
    return f"la rubrique {quoted(category.name)} du forum"


def _why(category):
    return OF_CATEGORY if category.group is None else OF_GROUP


RULES = {POSTED: _tell}
