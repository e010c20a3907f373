"""The end of what people say in discussions, and write for the site: taken away with an account, erased when nobody can
put it back."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import aliased

from app.extensions import db
from app.models import (
    Article,
    Attachment,
    Category,
    CategoryCursor,
    Contribution,
    Council,
    Departure,
    Group,
    GroupRequest,
    Message,
    MessageLink,
    MessageText,
    Series,
    StoredFile,
    Topic,
    TopicCursor,
    User,
)
from app.models.discussion import KEPT_FOR
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.services import attachments, contents


def due_messages(most: int) -> list[int]:
    """Return the ids of messages whose author can put them back no more, and that still have a text."""
    return list(db.session.scalars(select(Message.id).where(*_is_due()).limit(most)))


def _is_due():
    return Message.removed_at <= utcnow() - KEPT_FOR, Message.text != ""


def erase_due(message_id: int) -> list[str]:
    """Erase what a message said, if its time is still up; its place in the topic stays. Returns the digests of the
    contents that are of no more use: the caller deletes them once it has committed."""
    due = select(Message.id).where(Message.id == message_id, *_is_due())
    found = db.session.scalar(due.with_for_update())
    return _erase(Message.id == found) if found else []


def _erase(*which):
    """Erase what messages said; what was the answer to a question is so no more, and a topic that was taken away with
    its only message goes whole."""
    ids = select(Message.id).where(*which)
    answer = exists().where(Message.topic_id == Topic.id, Message.number == Topic.answer_number, *which)
    _do(update(Topic).where(Topic.answer_number.is_not(None), answer).values(answer_number=None))
    unused = attachments.erase_where(Attachment.message_id.in_(ids))
    for model in (MessageLink, MessageText):
        _do(delete(model).where(model.message_id.in_(ids)))
    _do(delete(Topic).where(Topic.removed_at.is_not(None), Topic.id.in_(select(Message.topic_id).where(*which))))
    empty = {"text": "", "html": "", "opening": "", "has_files": False, "has_cards": False}
    _do(update(Message).where(*which).values(empty))
    return unused


def _do(statement):
    db.session.execute(statement.execution_options(synchronize_session=False))


# Those who leave --------------------------------------------------------------------------------------------------


def withdraw(user: User, now: datetime) -> None:
    """Take from everybody's sight what this person has said, and wants to take along. Their topics stay where others
    have answered."""
    alone = (Topic.author_id == user.id, Topic.last_number == 1, Topic.removed_at.is_(None))
    _do(update(Topic).where(*alone).values(removed_at=now))
    _do(update(Message).where(Message.author_id == user.id, Message.removed_at.is_(None)).values(removed_at=now))


def give_back(user: User, since: datetime) -> None:
    """Show again what `withdraw` took away at that instant, with an account that is open again: not what its owner had
    taken away before."""
    for model in (Topic, Message):
        _do(update(model).where(model.author_id == user.id, model.removed_at >= since).values(removed_at=None))


def forget(user: User) -> list[str]:
    """Erase what somebody who is gone for good leaves to nobody: how far they had read, what they followed, the
    messages and files that were taken away or never seen, the articles that they have given to nobody. Returns digests
    as `erase_due` does."""
    for model in (TopicCursor, CategoryCursor):
        _do(delete(model).where(model.user_id == user.id))
    if not user.signs_contributions:
        _do(delete(GroupRequest).where(GroupRequest.author_id == user.id))
        _do(update(Departure).where(Departure.user_id == user.id).values(user_id=None, reason=""))
    unseen = (Attachment.form_key.is_not(None), Attachment.removed_at.is_not(None), Attachment.added_by_id == user.id)
    taken_away = (Message.author_id == user.id, Message.removed_at.is_not(None), Message.text != "")
    return [*attachments.erase_where(*unseen), *_erase(*taken_away), *_forget_articles(user)]


def _forget_articles(user):
    """What the site has published, or was asked to, is the site's: nobody reads there who wrote it."""
    unasked = (Article.published_at.is_(None), Article.submitted_at.is_(None), Article.publish_on.is_(None))
    drafts = db.session.scalars(select(Article.id).where(Article.author_id == user.id, *unasked)).all()
    _do(update(Article).where(Article.author_id == user.id, Article.id.not_in(drafts)).values(author_id=None))
    _do(update(Contribution).where(Contribution.sent_by_id == user.id).values(sent_by_id=None))
    return erase_articles(drafts)


def erase_articles(article_ids: Collection[int]) -> list[str]:
    """Delete articles for good, with their files, pictures and versions. Returns digests as `erase_due` does."""
    which = Article.id.in_(article_ids)
    unused = attachments.erase_where(Attachment.article_id.in_(article_ids))
    pictures = select(StoredFile).where(or_(StoredFile.id == Article.picture_id, StoredFile.id == Article.thumbnail_id))
    files = db.session.scalars(pictures.where(which).distinct()).all()
    series_ids = set(db.session.scalars(select(Article.series_id).where(which, Article.series_id.is_not(None))))
    _do(delete(Article).where(which))
    drop_empty_series(series_ids)
    ids = [file.id for file in files]
    named = {
        number
        for column in (Article.picture_id, Article.thumbnail_id)
        for number in db.session.scalars(select(column).where(column.in_(ids)))
    }
    renew(PAGES)
    return [*unused, *contents.drop_rows([file for file in files if file.id not in named])]


def drop_empty_series(series_ids: Collection[int]) -> None:
    """Delete those of these series that no article has any more. One that somebody is just numbering in stays."""
    db.session.flush()
    free = select(Series.id).where(Series.id.in_(series_ids)).with_for_update(skip_locked=True)
    for series_id in db.session.scalars(free).all() if series_ids else ():
        _do(delete(Series).where(Series.id == series_id, ~exists().where(Article.series_id == series_id)))
        renew(PAGES)


# The demo ---------------------------------------------------------------------------------------------------------


def remove_demo(are_demo: ColumnElement[bool]) -> list[str]:
    """Delete the groups that have no council but those of the demo, and what people who meet a condition have said:
    their topics whole where nobody else writes, or else their messages. Returns digests as `erase_due` does."""
    people = select(User.id).where(are_demo)
    is_theirs = Message.author_id.in_(people)
    other = aliased(Message)
    others = exists().where(other.topic_id == Topic.id, other.author_id.not_in(people))
    groups = select(Group.id).where(Group.councils.any(), ~Group.councils.any(Council.is_demo.is_(False)))
    in_groups = Topic.category_id.in_(select(Category.id).where(Category.group_id.in_(groups)))
    topics = select(Topic.id).where(in_groups | (Topic.author_id.in_(people) & ~others))
    sent = Attachment.form_key.is_not(None) & Attachment.added_by_id.in_(people)
    there = Attachment.message_id.in_(select(Message.id).where(Message.topic_id.in_(topics)))
    unused = [*attachments.erase_where(sent | there), *_erase(is_theirs)]
    _do(update(Message).where(is_theirs, Message.removed_at.is_(None)).values(removed_at=utcnow()))
    _do(delete(Topic).where(Topic.id.in_(db.session.scalars(topics).all())))
    _do(delete(Group).where(Group.id.in_(db.session.scalars(groups).all())))
    return unused
