"""The forum of the demo: its rubrics, what is said there and in the demo group, and a group that is asked for."""

import hashlib
import re
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, select, update

from app.access import readable, viewer_of
from app.extensions import db
from app.localtime import at, zone_of
from app.models import Activity, Category, CategoryCursor, GroupRequest, Message, Publication, Topic, TopicCursor, User
from app.models.types import utcnow
from app.notifications.discussions import POSTED
from app.services import arranging, demo_people, groups, listening, posting
from app.services.accounts import DEMO
from app.services.demo_talks import CONTRACT, GROUP, RUBRICS, TALKS, VISITS, Said, Talk
from app.text import slug

LINK = re.compile(r"\[\[(.+?): (.+?)\]\]")
WISH = "Réunir les conseils citoyens de notre département deux fois par an, et préparer ensemble le contrat de ville."


def load() -> int:
    """Let the people of the demo discuss; return how many topics, 0 when they are not there or there is a forum."""
    accounts = db.session.scalars(select(User).where(demo_people.are_demo()))
    people = {user.email.removesuffix(DEMO): user for user in accounts}
    if not VISITS.keys() <= people.keys() or db.session.scalar(select(exists(Category.id).where(arranging.IN_FORUM))):
        return 0
    places = {name: arranging.open_rubric(name, description) for name, description in RUBRICS}
    if place := _place_of_group(people["alice"]):
        places[GROUP] = place
    talks = [talk for talk in TALKS if talk.rubric in places]
    _discuss(talks, places, people)
    for name, days in VISITS.items():
        _read(people[name], utcnow() - timedelta(days=days))
    listening.set_category(places[CONTRACT], people["alice"], True)
    _ask_for_group(people["emile"])
    ids = [user.id for user in people.values()]
    untold = delete(Activity).where(Activity.verb.in_((POSTED, "group.asked")), Activity.actor_id.in_(ids))
    db.session.execute(untold)  # nobody reads the mails of the demo
    return len(talks)


def _place_of_group(alice):
    mine = select(Category).where(readable(Category, viewer_of(alice)), Category.group_id.is_not(None))
    return db.session.scalar(mine.order_by(Category.id).limit(1))


def _discuss(talks: list[Talk], places: dict[str, Category], people: dict[str, User]) -> None:
    """Write all messages, the oldest first, as everybody does; then give them their dates."""
    opened, lines = {}, [(talk, said) for talk in talks for said in talk.messages]
    for talk, said in sorted(lines, key=lambda line: (-line[1].days, line[1].hour)):
        author, words, key = people[said.author], posting.rendered(LINK.sub(_linked, said.text)), _key(said.text)
        if talk in opened:
            posting.post(opened[talk], author, key=key, words=words)
        else:
            first = posting.open_topic(places[talk.rubric], author, key=key, title=talk.title, words=words)
            opened[talk] = first.topic
        _date(opened[talk], said)
    for talk, topic in opened.items():
        topic.answer_number, topic.is_pinned = talk.answer, talk.is_pinned
        topic.closed_at = topic.last_at if talk.is_closed else None
    db.session.flush()


def _date(topic: Topic, said: Said) -> None:
    """Let the newest message of a topic have been written some days ago."""
    topic.last_at = at(zone_of(None), utcnow().date() - timedelta(days=said.days), said.hour)
    topic.created_at = topic.last_at if topic.last_number == 1 else topic.created_at
    newest = update(Message).filter_by(topic_id=topic.id, number=topic.last_number)
    db.session.execute(newest.values(created_at=topic.last_at))


def _linked(match):
    """Return the link to something that the demo councils share; its words alone where it is gone."""
    named = select(Publication).where(Publication.title == match[2], Publication.published_at.is_not(None))
    found = db.session.scalar(named.order_by(Publication.id).limit(1))
    return f"[{match[1]}](/documents/{found.id}-{found.slug})" if found else match[1]


def _key(text):
    """Return the key of the form that it did not come from."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _read(user: User, until: datetime) -> None:
    """Let somebody have read everything that was there at a moment, and in each topic what they answered to."""
    for category in db.session.scalars(select(Category.id).where(readable(Category, viewer_of(user)))):
        db.session.add(CategoryCursor(user_id=user.id, category_id=category, read_at=until))
    there = (Message.topic_id == TopicCursor.topic_id, Message.created_at <= until)
    newest = select(func.max(Message.number)).where(*there).scalar_subquery()
    mine = update(TopicCursor).where(TopicCursor.user_id == user.id, TopicCursor.number < newest)
    db.session.execute(mine.values(number=newest).execution_options(synchronize_session=False))
    db.session.flush()


def _ask_for_group(author: User) -> None:
    department = author.council.department
    groups.ask(
        author, key=_key(WISH), purpose=WISH, council_ids=(),
        name=f"Conseils citoyens : {department.name}" if department else "Conseils citoyens voisins",
        territory_id=department.id if department else None,
    )  # fmt: skip


def remove() -> None:
    """Remove the rubrics of the demo where nothing is left, and the groups that its people ask for. Where they are not
    there, rubrics of these names are somebody's own, and stay."""
    people = select(User.id).where(demo_people.are_demo())
    if db.session.scalar(select(people.exists())):
        db.session.execute(delete(GroupRequest).where(GroupRequest.author_id.in_(people)))
        made = (arranging.IN_FORUM, Category.slug.in_([slug(name) for name, _ in RUBRICS]))
        db.session.execute(delete(Category).where(*made, ~exists().where(Topic.category_id == Category.id)))
