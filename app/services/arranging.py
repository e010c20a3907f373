"""Keeping order in discussions: the rubrics of the forum, and what is done to a topic."""

from itertools import count

from sqlalchemy import exists, func, select

from app.extensions import db
from app.labels import Role
from app.models import Category, Message, Topic, User
from app.models.types import utcnow
from app.services import forum_search, journal, posting
from app.text import fold, slug

RESERVED = frozenset(("recherche", "sujets", "messages", "rubriques", "nouveau"))  # what follows /forum/ elsewhere
IN_FORUM = Category.group_id.is_(None)
IN_ORDER = (Category.position, Category.id)


# Rubrics of the forum ---------------------------------------------------------------------------------------------


def rubrics() -> list[tuple[Category, int]]:
    """Return the rubrics of the forum in their order, each with the number of its topics."""
    held = select(func.count()).where(Topic.category_id == Category.id).scalar_subquery()
    rows = db.session.execute(select(Category, held).where(IN_FORUM).order_by(*IN_ORDER))
    return [(category, number) for category, number in rows]


def open_rubrics(*, but: int) -> list[Category]:
    """Return the rubrics of the forum where one writes, in their order, without the one whose id is `but`."""
    query = select(Category).where(IN_FORUM, Category.closed_at.is_(None), Category.id != but)
    return list(db.session.scalars(query.order_by(*IN_ORDER)))


def open_rubric(name: str, description: str) -> Category | None:
    """Make a rubric, the last one; None when another one has this name. The same again, while nothing is in it, is a
    button that was pressed twice: it is the one that is there."""
    known = select(Category).where(IN_FORUM, Category.name == name, Category.description == description)
    made = db.session.scalar(known.where(Category.closed_at.is_(None)).limit(1))
    if made is not None and not has_topics(made):
        return made
    if is_name_taken(name):
        return None
    last = db.session.scalar(select(func.max(Category.position)).where(IN_FORUM)) or 0
    category = Category(name=name, description=description, slug=_free_slug(name), position=last + 1)
    db.session.add(category)
    db.session.flush()
    return category


def is_name_taken(name: str, *, but: int = 0) -> bool:
    """Tell whether a rubric of the forum has this name, or one that reads the same without accents and capitals; `but`:
    the id of the one that is to be named so."""
    names = db.session.scalars(select(Category.name).where(IN_FORUM, Category.id != but))
    return _sound(name) in map(_sound, names)


def _sound(name):
    return fold(name) or name.casefold()  # « 🌳 » has nothing to fold


def has_topics(category: Category) -> bool:
    """Tell whether a rubric holds topics: then it is not deleted."""
    return db.session.scalar(select(exists().where(Topic.category_id == category.id)))


def _free_slug(name):
    base = slug(name) or "rubrique"
    taken = RESERVED.union(db.session.scalars(select(Category.slug).where(Category.slug.startswith(base))))
    return next(free for number in count(1) if (free := base if number == 1 else f"{base}-{number}") not in taken)


def place_rubric(category_id: int, place: int) -> None:
    """Give a rubric this place in their order, 1 for the first one; the others make room. All are locked: two who move
    rubrics at once take turns."""
    query = select(Category).where(IN_FORUM).order_by(Category.id).with_for_update()
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    rows = sorted(rows, key=lambda category: (category.position, category.id))
    moved = next((category for category in rows if category.id == category_id), None)
    if moved is None:
        return
    rows.remove(moved)
    rows.insert(max(0, place - 1), moved)
    for number, category in enumerate(rows, 1):
        category.position = number
    db.session.flush()


def close_rubric(category: Category, is_closed: bool) -> None:
    """Have a rubric read and not written any more, or written again."""
    category.closed_at = (category.closed_at or utcnow()) if is_closed else None
    db.session.flush()


def delete_rubric(category: Category) -> bool:
    """Delete a rubric, whose row is locked, unless it holds topics; tell whether that was done."""
    if has_topics(category):
        return False
    db.session.delete(category)
    db.session.flush()
    return True


# A topic, whose row is locked; `actor` has the right -----------------------------------------------------------------


def pin(topic: Topic, is_pinned: bool, actor: User) -> None:
    """Have a topic stand before the others of its rubric, or among them again."""
    if topic.is_pinned != is_pinned:
        topic.is_pinned = is_pinned
        _note("pinned" if is_pinned else "unpinned", topic, actor)


def close(topic: Topic, is_closed: bool, actor: User) -> None:
    """Have nobody answer in a topic any more, or let them answer again."""
    if bool(topic.closed_at) != is_closed:
        topic.closed_at = utcnow() if is_closed else None
        _note("closed" if is_closed else "reopened", topic, actor)


def rename(topic: Topic, title: str, actor: User) -> None:
    """Give a topic another title, and the address that goes with it; the former one leads there."""
    former = topic.title
    if former == title:
        return
    topic.title, topic.slug = title, posting.address(title)
    if first := db.session.scalar(select(Message).filter_by(topic_id=topic.id, number=1)):
        forum_search.index(first, title)
    _note("renamed", topic, actor, former)


def move(topic: Topic, category: Category, actor: User) -> None:
    """Put a topic into another rubric of the forum; whoever follows it goes on."""
    if topic.category_id != category.id:
        former = topic.category.name
        topic.category = category
        _note("moved", topic, actor, f"{former} → {category.name}")


def settle(topic: Topic, number: int, actor: User) -> bool:
    """Note that a message answers the question that a topic began with; tell whether it can: it is there to be read,
    and not the question itself."""
    shown = (Message.removed_at.is_(None), Message.hidden_at.is_(None))
    its_own = (Message.topic_id == topic.id, Message.number == number, Message.number > 1)
    if not db.session.scalar(select(exists().where(*its_own, *shown))):
        return False
    if topic.answer_number != number:
        topic.answer_number = number
        _note("settled", topic, actor)
    return True


def unsettle(topic: Topic, number: int, actor: User) -> None:
    """Take back that this message is the answer, if it still is."""
    if topic.answer_number == number:
        topic.answer_number = None
        _note("unsettled", topic, actor)


def _note(act, topic, actor, reason=""):
    """Write into the journal what the animator does to the topics of others."""
    if actor.role == Role.ANIMATOR and topic.author_id != actor.id and topic.category.group_id is None:
        journal.note(f"topic.{act}", topic, actor_id=actor.id, reason=reason)
    db.session.flush()
