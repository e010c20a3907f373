"""All authorization: who may read and do what. Nothing else builds a visibility condition.

`readable` gives the condition for lists, `may_read` the same answer for a loaded row; both say the same.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from flask import abort
from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true, union_all

from app.extensions import db
from app.labels import OPEN, ArticleKind, PublicationKind, Role, SideReason, UserStatus, Visibility
from app.localtime import today
from app.models import (
    Article,
    Attachment,
    Category,
    Council,
    CouncilPicture,
    Departure,
    Event,
    Group,
    Message,
    NewsletterIssue,
    Publication,
    Registration,
    Revision,
    SideVersion,
    StoredFile,
    Topic,
    User,
    council_territories,
    group_councils,
    publication_groups,
)
from app.models.discussion import EDITABLE_FOR, KEPT_FOR
from app.models.group import RETURN_WITHIN
from app.models.newsletter import LEFT
from app.models.types import utcnow


@dataclass(frozen=True)
class Viewer:
    """Who looks at a page, built once for each request. Without ids: a visitor.

    `is_active` is False for a sign-up that is not validated, a suspended account, and a visitor. `territory_ids` are
    those that a referent answers for.
    """

    user_id: int | None = None
    council_id: int | None = None
    role: str | None = None
    is_active: bool = False
    territory_ids: frozenset[int] = frozenset()

    @property
    def is_animator(self) -> bool:
        """Whether this is the person who runs the site."""
        return self.is_active and self.role == Role.ANIMATOR

    @property
    def is_referent(self) -> bool:
        """Whether this is a local referent."""
        return self.is_active and self.role == Role.REFERENT


VISITOR = Viewer()


def viewer_of(user: User) -> Viewer:
    """Return what `user` is, with the rights of this instant."""
    ids = frozenset(place.id for place in user.territories) if user.role == Role.REFERENT else frozenset()
    return Viewer(user.id, user.council_id, user.role, user.is_active, ids)


def readable(model: type, viewer: Viewer) -> ColumnElement[bool]:
    """Return the SQL condition that rows of `model` meet when `viewer` may read them.

    The directory is public. A file follows what it is joined to: a picture of a council's page is as public as it
    (off the page, its members alone see it), a portrait as its person, an attachment as its publication.
    """
    if model is Council:
        return true()
    if model is StoredFile:
        return or_(*_readable_files(viewer))
    if model is User:
        return or_(*_readable_people(viewer))
    if issubclass(model, Publication):
        return or_(*_readable_publications(viewer))
    if model is Attachment:
        return _readable_attachments(viewer)
    if model is Revision:
        return _readable_revisions(viewer)
    if model is Registration:
        return _readable_registrations(viewer)
    if model is SideVersion:
        return _readable_sides(viewer)
    if model in RULES:
        return RULES[model](viewer)
    raise TypeError(f"no rule of access for {model.__name__}")


def _readable_people(viewer):
    """Yield the conditions of which a person meets one: members know one another, a request is for those who decide."""
    is_active, is_pending = User.status == UserStatus.ACTIVE, User.status == UserStatus.PENDING
    has_come = User.last_seen_at.is_not(None)  # whoever was appointed has not agreed to be shown before
    yield and_(is_active, User.role == Role.REFERENT, has_come)  # they answer for a territory, under their name
    if viewer.user_id:
        yield User.id == viewer.user_id
    if viewer.is_active:
        yield is_active
        if viewer.council_id:
            yield and_(is_pending, User.council_id == viewer.council_id)
    if viewer.is_referent:  # who is asked about a refusal must still find it
        is_theirs = is_in(User.council_id, viewer.territory_ids)
        yield and_(User.status.in_([UserStatus.PENDING, UserStatus.REFUSED]), is_theirs)
    if viewer.is_animator:
        yield User.status != UserStatus.CLOSED


def _readable_files(viewer):
    """Yield the conditions of which a stored file meets one."""
    on_page = or_(CouncilPicture.removed_at.is_(None), kept_by(CouncilPicture.council_id, viewer))
    yield exists().where(CouncilPicture.file_id == StoredFile.id, on_page)
    yield exists().where(User.photo_id == StoredFile.id, readable(User, viewer))
    columns = (Attachment.file_id, Attachment.picture_id, Attachment.thumbnail_id)
    is_one = or_(*(column == StoredFile.id for column in columns))
    yield exists().where(is_one, readable(Attachment, viewer))
    in_article = or_(Article.picture_id == StoredFile.id, Article.thumbnail_id == StoredFile.id)
    yield exists().where(in_article, readable(Article, viewer))


def _readable_attachments(viewer):
    """An attachment is read with its publication; one that was removed, by those who share the council's bin; one that
    nobody else has seen, by who sent it. One of a message, with the message, and out of sight by who sent it alone."""
    its_own = (Publication.id == Attachment.publication_id, readable(Publication, viewer))
    is_known = or_(was_seen(), Attachment.added_by_id == (viewer.user_id or 0))
    still_there = or_(Attachment.removed_at.is_(None), and_(hosted_by(viewer), is_known))
    in_article = exists().where(Article.id == Attachment.article_id, readable(Article, viewer), _still_joined(viewer))
    return or_(exists().where(*its_own, still_there), in_article, *_readable_with_messages(viewer))


def _still_joined(viewer):
    """A file of an article that was removed, or waits for its form to be saved, is read by who sent it."""
    return or_(Attachment.removed_at.is_(None), Attachment.added_by_id == (viewer.user_id or 0))


def _readable_with_messages(viewer):
    if viewer.is_active:
        said = exists().where(Message.id == Attachment.message_id, readable(Message, viewer))
        yield and_(Attachment.removed_at.is_(None), said)
        is_mine = Attachment.added_by_id == viewer.user_id
        yield and_(Attachment.form_key.is_not(None), Attachment.removed_at.is_not(None), is_mine)


def was_seen() -> ColumnElement[bool]:
    """Return the condition of the attachments, joined to their publications, that its readers have had before them:
    not those that wait for their form to be saved (removed, but by nobody), nor those that left a draft."""
    since = and_(Attachment.removed_by_id.is_not(None), Attachment.removed_at > Publication.published_at)
    return or_(Attachment.removed_at.is_(None), since)


def _readable_revisions(viewer):
    """Former states are read by the members of the council that wrote them, and by those who write with them; what
    nobody saved, by its author alone."""
    saved = or_(Revision.number.is_not(None), Revision.author_id == viewer.user_id)
    of_page = kept_by(Revision.council_id, viewer)
    its_own = (Publication.id == Revision.publication_id, readable(Publication, viewer))
    of_item = exists().where(*its_own, or_(hosted_by(viewer), written_by(viewer)))
    in_article = exists().where(Article.id == Revision.article_id, articles_kept_by(viewer))
    return and_(saved, or_(of_page, of_item, in_article))


def _readable_sides(viewer):
    """Texts put aside are read by those who write the document; what was only previewed, by its author alone."""
    was_sent = or_(SideVersion.reason != SideReason.PREVIEW, SideVersion.author_id == (viewer.user_id or 0))
    return and_(was_sent, exists().where(Publication.id == SideVersion.publication_id, written_by(viewer)))


def _readable_registrations(viewer):
    """One's own; and those of an event, with names and answers, for those who hold it."""
    own = Registration.user_id == (viewer.user_id or 0)
    return or_(own, exists().where(Publication.id == Registration.event_id, out(), hosted_by(viewer)))


def kept_by(council_id: ColumnElement, viewer: Viewer) -> ColumnElement[bool]:
    """Return as an SQL condition what `may_keep` says of one council."""
    if not viewer.is_active or viewer.council_id is None:
        return false()
    return council_id == viewer.council_id


def hosted_by(viewer: Viewer) -> ColumnElement[bool]:
    """Return as an SQL condition on publications what `is_host` says of one."""
    ours = kept_by(Publication.council_id, viewer)
    if not (viewer.is_referent or viewer.is_animator):
        return ours
    return or_(ours, and_(Publication.council_id.is_(None), Publication.author_id == viewer.user_id))


# What councils share ----------------------------------------------------------------------------------------------


class Circle(Enum):
    """Those to whom a level opens a publication, as seen from its council."""

    COUNCIL = "active members of the council"
    GROUPS = "active members of the councils of the chosen groups"
    MEMBERS = "whoever has a validated account"
    EVERYBODY = "visitors too"


# Everything about levels is read in this one table: lists, single rows, and the numbers that writers are told.
REACH = {
    Visibility.COUNCIL: (Circle.COUNCIL,),
    Visibility.GROUPS: (Circle.COUNCIL, Circle.GROUPS),
    Visibility.MEMBERS: (Circle.MEMBERS,),
    Visibility.PUBLIC: (Circle.EVERYBODY,),
}


def _readable_publications(viewer):
    """Yield the conditions of which a publication meets one: open to the viewer's circles; one's own, be it a draft
    or hidden; hidden, for those who moderate."""
    is_there, is_out = _there(), out()
    for level, circles in REACH.items():
        reached = [held for circle in circles if (held := _has_in_circle(circle, viewer)) is not None]
        if reached:  # what is never true is left out: databases would look it up all the same
            yield and_(Publication.level == level, or_(*reached), is_out, Publication.hidden_at.is_(None))
    if viewer.is_active:
        unseen = or_(Publication.published_at.is_(None), Publication.hidden_at.is_not(None))
        yield and_(Publication.author_id == viewer.user_id, is_there, unseen)
    is_hidden = and_(is_out, Publication.hidden_at.is_not(None))
    if viewer.is_animator:
        yield is_hidden
    if viewer.is_referent:
        yield and_(is_hidden, is_in(Publication.council_id, viewer.territory_ids))


def _there():
    return and_(Publication.deleted_at.is_(None), Publication.withdrawn_at.is_(None))


def out() -> ColumnElement[bool]:
    """Return the condition of what is published and was not taken away, whoever asks: it tells nothing of rights."""
    return and_(_there(), Publication.published_at.is_not(None))


def _has_in_circle(circle, viewer):
    """Return the condition that `viewer` is in a circle of a publication; None when they are in that of none."""
    if circle is Circle.EVERYBODY:
        return true()
    if circle is Circle.MEMBERS:
        return true() if viewer.is_active else None
    if not viewer.is_active or viewer.council_id is None:
        return None
    return kept_by(Publication.council_id, viewer) if circle is Circle.COUNCIL else _is_shared_with(viewer)


def _is_shared_with(viewer, *conditions):
    """Return the condition that a publication is shared with a group of the viewer's council, and that this group meets
    `conditions`."""
    shared, gathered = publication_groups.c, group_councils.c
    return exists().where(
        shared.publication_id == Publication.id,
        gathered.group_id == shared.group_id,
        gathered.council_id == viewer.council_id,
        *conditions,
    )


def _may_read_publication(viewer, row):
    """Tell the same as `_readable_publications` of one row, from what is loaded with it."""
    if row.deleted_at or row.withdrawn_at:
        return False
    is_own = viewer.is_active and row.author_id is not None and row.author_id == viewer.user_id
    if row.published_at is None:
        return is_own
    if row.hidden_at:
        return is_own or viewer.is_animator or (viewer.is_referent and _answers_for(viewer, row.council))
    return is_meant_for(viewer, row)


def is_meant_for(viewer: Viewer, publication: Publication) -> bool:
    """Tell whether the level of a publication reaches `viewer`, be it in the bin by now: they may be told that it is
    gone. Whether they may read it, `may_read` says."""
    return any(_is_in_circle(circle, viewer, publication) for circle in REACH[Visibility(publication.level)])


def _is_in_circle(circle, viewer, row):
    if circle is Circle.EVERYBODY:
        return True
    if circle is Circle.MEMBERS:
        return viewer.is_active
    if circle is Circle.COUNCIL:
        return may_keep(viewer, row.council_id)
    return _is_of_group(viewer, row.groups)


def _is_of_group(viewer, groups):
    councils = {council.id for group in groups for council in group.councils}
    return viewer.is_active and viewer.council_id in councils


def audience(level: Visibility, council_id: int, group_ids: Collection[int] = ()) -> ColumnElement[bool] | None:
    """Return the condition of the people whom `level` lets read what this council shares; None: everybody, visitors
    too. `group_ids` are the chosen groups."""
    circles = REACH[level]
    if Circle.EVERYBODY in circles:
        return None
    return or_(*(_people_in(circle, council_id, group_ids) for circle in circles))


def _people_in(circle, council_id, group_ids):
    if circle is Circle.MEMBERS:
        return User.status == UserStatus.ACTIVE
    if circle is Circle.COUNCIL:
        return members_of(council_id)
    gathered = select(group_councils.c.council_id).where(group_councils.c.group_id.in_(group_ids))
    return and_(User.council_id.in_(gathered), User.status == UserStatus.ACTIVE)


def opens_wider(before: tuple[Visibility, Collection[int]], after: tuple[Visibility, Collection[int]]) -> bool:
    """Tell whether a change of (level, chosen groups) opens a publication to people, or to kinds of people, who could
    not read it before."""
    levels = list(Visibility)
    (old_level, old_groups), (new_level, new_groups) = before, after
    if old_level != new_level:
        return levels.index(new_level) > levels.index(old_level)
    return new_level == Visibility.GROUPS and bool(set(new_groups) - set(old_groups))


def is_with_author(publication: Publication) -> bool:
    """Tell whether the author is still there to look after it: an active member of the council that shares it; of
    what no council shares, still a referent or the animator."""
    author = publication.author
    if author is None or not author.is_active:
        return False
    if publication.council_id is None:
        return author.role in (Role.REFERENT, Role.ANIMATOR)
    return author.council_id == publication.council_id


def is_host(viewer: Viewer, publication: Publication) -> bool:
    """Tell whether `viewer` is of those who share a publication: a member of its council; of what no council shares,
    its author alone."""
    if publication.council_id is not None:
        return may_keep(viewer, publication.council_id)
    is_author = publication.author_id is not None and publication.author_id == viewer.user_id
    return is_author and (viewer.is_referent or viewer.is_animator)


def may_share(viewer: Viewer, kind: str) -> bool:
    """Tell whether `viewer` may share something of this kind: members what they like; referents and the animator,
    who are of no council, announce events."""
    if viewer.council_id is not None:
        return may_keep(viewer, viewer.council_id)
    return kind == PublicationKind.EVENT and (viewer.is_referent or viewer.is_animator)


def may_edit(viewer: Viewer, publication: Publication) -> bool:
    """Tell whether `viewer` changes a publication, and deletes it: its author, while they are an active member of its
    council."""
    is_author = publication.author_id is not None and publication.author_id == viewer.user_id
    return is_author and is_host(viewer, publication) and publication.withdrawn_at is None


def may_write(viewer: Viewer, publication: Publication) -> bool:
    """Tell whether `viewer` writes the text of a collaborative document that is shown: the active members of its
    council and, where its author lets them, of the groups that it is shared with: those that are not archived, and that
    its council has not left."""
    if not publication.is_collaborative or not publication.is_shown:
        return False
    if may_keep(viewer, publication.council_id):
        return True
    is_open = publication.groups_write and publication.level == Visibility.GROUPS
    live = [group for group in publication.groups if group.archived_at is None and _holds(group, publication)]
    return is_open and _is_of_group(viewer, live)


def _holds(group, publication):
    """Tell whether the council that shares something is still in a group: one that has left is not written for."""
    return any(council.id == publication.council_id for council in group.councils)


def written_by(viewer: Viewer) -> ColumnElement[bool]:
    """Return as an SQL condition on publications what `may_write` says of one."""
    is_shown = and_(out(), Publication.hidden_at.is_(None))
    ours, theirs = kept_by(Publication.council_id, viewer), false()
    if viewer.is_active and viewer.council_id is not None:
        live, ours_too = select(Group.id).where(Group.archived_at.is_(None)), group_councils.alias().c
        holds = select(ours_too.group_id).where(ours_too.council_id == Publication.council_id).correlate(Publication)
        is_live = and_(publication_groups.c.group_id.in_(live), publication_groups.c.group_id.in_(holds))
        is_open = and_(Publication.groups_write.is_(True), Publication.level == Visibility.GROUPS)
        theirs = and_(is_open, _is_shared_with(viewer, is_live))
    return and_(Publication.is_collaborative.is_(True), is_shown, or_(ours, theirs))


def may_adopt(viewer: Viewer, publication: Publication) -> bool:
    """Tell whether `viewer` notes that the council has adopted a collaborative document, and lifts that: any active
    member of the council."""
    return publication.is_collaborative and publication.is_shown and may_keep(viewer, publication.council_id)


def may_see_versions(viewer: Viewer, publication: Publication) -> bool:
    """Tell whether `viewer`, who may read a publication, sees its former states: those who share it, and those who
    write it with them."""
    return is_host(viewer, publication) or may_write(viewer, publication)


def may_follow(viewer: Viewer, publication: Publication) -> bool:
    """Tell whether `viewer` may be told of the changes of a document that several write: any member who may read it."""
    return publication.is_collaborative and publication.is_shown and is_member(viewer) and may_read(viewer, publication)


def may_take_over(viewer: Viewer, publication: Publication) -> bool:
    """Tell whether `viewer` may become the author of what somebody who is no longer there has published."""
    is_left = not publication.is_draft and publication.withdrawn_at is None and not is_with_author(publication)
    is_ours = viewer.is_animator if publication.council_id is None else may_keep(viewer, publication.council_id)
    return is_left and is_ours


def may_recover(viewer: Viewer, publication: Publication) -> bool:
    """Tell whether `viewer` takes a publication out of the bin: its author; of what was published and whose author is
    no longer there, any member of its council."""
    return may_edit(viewer, publication) or may_take_over(viewer, publication)


def near(viewer: Viewer, *others: Select) -> ColumnElement[bool]:
    """Return the SQL condition of what concerns the viewer first: shared in their council, with its groups, or
    announced by a referent for where it is; or what is in `others`, which are queries of ids of publications: all are
    found together, and first. Whether they may read it, `readable` says; `concerned` tells the same of the people whom
    one publication concerns."""
    shared, gathered, events = publication_groups.c, group_councils.c, Event.__table__.c
    ours = select(Publication.id).where(kept_by(Publication.council_id, viewer))
    theirs = select(Publication.id).join(publication_groups, shared.publication_id == Publication.id)
    theirs = theirs.join(group_councils, gathered.group_id == shared.group_id)
    theirs = theirs.where(gathered.council_id == viewer.council_id, Publication.level == Visibility.GROUPS)
    places = select(council_territories.c.territory_id).where(council_territories.c.council_id == viewer.council_id)
    around = select(Publication.id).join(Event.__table__, events.id == Publication.id)
    around = around.where(
        Publication.council_id.is_(None), or_(events.territory_id.is_(None), events.territory_id.in_(places))
    )
    return Publication.id.in_(union_all(ours, theirs, around, *others))


def concerned(
    council_id: int | None, level: Visibility, group_ids: Collection[int] = (), territory_id: int | None = None
) -> ColumnElement[bool]:
    """Return the condition of the active members whom a publication concerns first, who may be told of it: those of
    its council, and of its groups when they are to read it; without a council, those of the councils of its territory
    (None: of all councils). `near` tells the same for one viewer; whether they may read it, `may_read` says."""
    if council_id is None:
        has_council = and_(User.council_id.is_not(None), User.status == UserStatus.ACTIVE)
        return has_council if territory_id is None else and_(has_council, is_in(User.council_id, {territory_id}))
    ours = members_of(council_id)
    if level != Visibility.GROUPS or not group_ids:
        return ours
    return or_(ours, _people_in(Circle.GROUPS, council_id, group_ids))


def discarded(viewer: Viewer) -> ColumnElement[bool]:
    """Return the SQL condition of the publications that `viewer` sees in the bin of their council: what was published
    there and nobody has hidden, and all of their own."""
    its_own = hosted_by(viewer)
    was_shown = and_(Publication.published_at.is_not(None), Publication.hidden_at.is_(None))
    seen = or_(was_shown, Publication.author_id == viewer.user_id)
    return and_(its_own, Publication.deleted_at.is_not(None), Publication.withdrawn_at.is_(None), seen)


# Events -----------------------------------------------------------------------------------------------------------


def may_register(viewer: Viewer, event: Event) -> bool:
    """Tell whether `viewer`, who may read an event, is of those whom it lets register. Whether there is still time,
    and a place, is another question."""
    circles = REACH[Visibility(event.admission or event.level)]
    return event.takes_registrations and any(_is_in_circle(circle, viewer, event) for circle in circles)


def may_come(registration: Registration) -> bool:
    """Tell whether this person may still read what they registered for; whoever the organiser wrote down may."""
    event, user = registration.event, registration.user
    if user is None:
        return registration.entered_by_id is not None or may_read(VISITOR, event)
    return user.status in OPEN and may_read(viewer_of(user), event)


def comes() -> ColumnElement[bool]:
    """Return as an SQL condition what `may_come` says of a registration, joined to its publication and, if it has one,
    to its user, while the event is on."""
    shared = publication_groups.c
    groups = select(shared.group_id).where(shared.publication_id == Publication.id).correlate(Publication.__table__)
    reached = [(level, audience(level, Publication.council_id, groups)) for level in Visibility]
    reads = or_(*(and_(Publication.level == level, true() if them is None else them) for level, them in reached))
    by_itself = or_(Registration.entered_by_id.is_not(None), Publication.level == Visibility.PUBLIC)
    return or_(and_(Registration.user_id.is_(None), by_itself), and_(User.status.in_(OPEN), reads))


def may_organise(viewer: Viewer, event: Event) -> bool:
    """Tell whether `viewer` sees who registered for an event, and looks after them: the members of the council that
    holds it; of an event of no council, its author."""
    return not event.is_draft and event.withdrawn_at is None and is_host(viewer, event)


# Discussions and groups --------------------------------------------------------------------------------------------


def _readable_groups(viewer):
    """A group is read by the active members of its councils, and by nobody else."""
    return _is_gathered(Group.id, viewer)


def _is_gathered(group_id, viewer):
    if not viewer.is_active or viewer.council_id is None:
        return false()
    gathered = group_councils.c
    return exists().where(gathered.group_id == group_id, gathered.council_id == viewer.council_id)


def _readable_categories(viewer):
    """A rubric of the forum is read by whoever has a validated account; that of a group, with the group."""
    if not viewer.is_active:
        return false()
    return or_(Category.group_id.is_(None), _is_gathered(Category.group_id, viewer))


def _readable_topics(viewer):
    """A topic is read through its rubric; one that its author took away, by them; one that was hidden, by its author
    and, in the forum, by the animator."""
    through = exists().where(Category.id == Topic.category_id, readable(Category, viewer))
    kept = or_(Topic.removed_at.is_(None), Topic.author_id == (viewer.user_id or 0))
    return and_(through.correlate(Topic), kept, _is_unveiled(Topic, Topic.category_id, viewer))


def shown_topics() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the topics that all who read their rubric find there."""
    return Topic.hidden_at.is_(None), Topic.removed_at.is_(None)


def listed_topics(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition of the topics that lists show of a rubric that `viewer` may read: these, and their own."""
    return or_(and_(*shown_topics()), Topic.author_id == (viewer.user_id or 0))


def shown_messages() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the messages, joined to their topic, whose text all get who read the rubric."""
    return Message.removed_at.is_(None), Message.hidden_at.is_(None), Topic.hidden_at.is_(None)


def _readable_messages(viewer):
    """A message is read with its topic, but for what `unveiled` leaves out."""
    place = exists().where(Topic.id == Message.topic_id, readable(Topic, viewer), unveiled(viewer))
    return place.correlate(Message)  # even where the query joins topics, too


def unveiled(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition of the messages, joined to their topic, whose text `viewer` gets who reads the topic: not
    those that their author has taken away, which the author alone still has; nor those that were hidden, but for their
    author and, in the forum, the animator."""
    kept = or_(Message.removed_at.is_(None), Message.author_id == (viewer.user_id or 0))
    return and_(kept, _is_unveiled(Message, Topic.category_id, viewer))


def _is_unveiled(model, category_id, viewer):
    shown = or_(model.hidden_at.is_(None), model.author_id == (viewer.user_id or 0))
    if not viewer.is_animator:
        return shown
    return or_(shown, category_id.in_(select(Category.id).where(Category.group_id.is_(None))))


def gathered(category: Category) -> ColumnElement[bool]:
    """Return the condition of the people who read a rubric, as `readable` says of one viewer."""
    is_active = User.status == UserStatus.ACTIVE
    if category.group_id is None:
        return is_active
    councils = select(group_councils.c.council_id).where(group_councils.c.group_id == category.group_id)
    return and_(is_active, User.council_id.in_(councils))


def may_open_topic(viewer: Viewer, category: Category) -> bool:
    """Tell whether `viewer`, who may read a rubric, begins a topic there."""
    return viewer.is_active and category.is_open


def may_answer(viewer: Viewer, topic: Topic) -> bool:
    """Tell whether `viewer`, who may read a topic, writes in it."""
    is_there = topic.closed_at is None and topic.hidden_at is None and topic.removed_at is None
    return is_there and may_open_topic(viewer, topic.category)


def may_correct(viewer: Viewer, message: Message, topic: Topic) -> bool:
    """Tell whether `viewer` changes the text of a message of a topic: its author, within the hour, as long as one may
    write there."""
    is_fresh = utcnow() - message.created_at <= EDITABLE_FOR
    return is_fresh and may_take_back(viewer, message) and may_answer(viewer, topic)


def may_take_back(viewer: Viewer, message: Message) -> bool:
    """Tell whether `viewer` takes a message away: its author, whenever they like."""
    return _has_written(viewer, message) and message.removed_at is None


def may_put_back(viewer: Viewer, message: Message) -> bool:
    """Tell whether `viewer` puts back a message that they took away, as long as its text is kept."""
    is_kept = message.removed_at is not None and utcnow() - message.removed_at < KEPT_FOR
    return is_kept and _has_written(viewer, message)


def _has_written(viewer, message):
    is_author = message.author_id is not None and message.author_id == viewer.user_id
    return viewer.is_active and is_author and message.hidden_at is None


def may_arrange(viewer: Viewer, topic: Topic) -> bool:
    """Tell whether `viewer`, who may read a topic, pins, renames and closes it: in the forum the animator, in a group
    all its members, as they are among themselves."""
    category = topic.category
    return viewer.is_animator if category.group_id is None else may_open_topic(viewer, category)


def may_move(viewer: Viewer, topic: Topic) -> bool:
    """Tell whether `viewer` moves a topic to another rubric: the animator, within the forum."""
    return viewer.is_animator and topic.category.group_id is None


def may_settle(viewer: Viewer, topic: Topic) -> bool:
    """Tell whether `viewer`, who may read a topic, says which message answers its question: whoever asked it, and those
    who arrange it."""
    is_author = topic.author_id is not None and topic.author_id == viewer.user_id
    return may_arrange(viewer, topic) or (is_author and may_open_topic(viewer, topic.category))


def may_ask_for_group(viewer: Viewer) -> bool:
    """Tell whether `viewer` asks the animator for a working group: councillors and referents."""
    return viewer.is_active and (viewer.council_id is not None or viewer.is_referent)


def may_come_back(viewer: Viewer, departure: Departure) -> bool:
    """Tell whether `viewer` brings their council back into a group that it has left a short while ago, and that has
    not been archived since."""
    is_recent = utcnow() - departure.left_at < RETURN_WITHIN
    return is_recent and departure.group.archived_at is None and may_keep(viewer, departure.council_id)


# What the site itself publishes -------------------------------------------------------------------------------------


def _readable_articles(viewer):
    """An article that is published and that nobody has hidden is read by everybody; any other one, by those who keep
    it."""
    shown = and_(Article.published_at.is_not(None), Article.hidden_at.is_(None))
    return and_(Article.deleted_at.is_(None), or_(shown, articles_kept_by(viewer)))


def articles_kept_by(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition of the articles that `viewer` looks after: their own, as long as they may write some; an
    animator, all but the drafts that nobody gave to them, or set a date for, yet."""
    if not may_write_articles(viewer):
        return false()
    own = Article.author_id == viewer.user_id
    if not viewer.is_animator:
        return own
    decided = or_(Article.published_at.is_not(None), Article.publish_on.is_not(None))
    return or_(own, decided, Article.submitted_at.is_not(None), Article.author_id.is_(None))


def listed_articles() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the articles that lists, feeds and letters show to everybody."""
    on_time = or_(Article.expires_on.is_(None), Article.expires_on >= today())
    return Article.published_at.is_not(None), Article.deleted_at.is_(None), Article.hidden_at.is_(None), on_time


def may_write_articles(viewer: Viewer) -> bool:
    """Tell whether `viewer` writes articles: the animator, and the referents, who submit them."""
    return viewer.is_animator or viewer.is_referent


def may_publish_articles(viewer: Viewer) -> bool:
    """Tell whether `viewer` decides which articles are published, and what becomes of them."""
    return viewer.is_animator


def may_edit_article(viewer: Viewer, article: Article) -> bool:
    """Tell whether `viewer`, who may read an article, changes it: the animator; its author until it is published, or
    its date is set."""
    is_author = article.author_id is not None and article.author_id == viewer.user_id
    is_open = article.is_draft and article.publish_on is None
    return viewer.is_animator or (viewer.is_referent and is_author and is_open)


def may_contribute(viewer: Viewer, article: Article) -> bool:
    """Tell whether `viewer` answers a call with actions of their council, until its last day."""
    is_open = article.is_shown and not article.is_expired and not article.is_over
    return article.kind == ArticleKind.CALL and is_open and may_keep(viewer, viewer.council_id)


def contributable() -> ColumnElement[bool]:
    """Return the condition of the actions that a council may send in answer to a call: those that others than its own
    members and groups may read, and that nobody has hidden."""
    wide = [level for level, circles in REACH.items() if {Circle.MEMBERS, Circle.EVERYBODY} & set(circles)]
    return and_(Publication.level.in_(wide), Publication.hidden_at.is_(None))


def _readable_issues(viewer):
    """An issue of the letter is read by everybody once it leaves; before, by those who prepare it."""
    return true() if may_prepare_letter(viewer) else NewsletterIssue.state.in_(LEFT)


def may_prepare_letter(viewer: Viewer) -> bool:
    """Tell whether `viewer` prepares the monthly letter and sends it."""
    return viewer.is_animator


# The rules that are one condition alone.
RULES = {
    Article: _readable_articles,
    Category: _readable_categories,
    Group: _readable_groups,
    Message: _readable_messages,
    NewsletterIssue: _readable_issues,
    Topic: _readable_topics,
}


def members_of(council_id, person: type = User) -> ColumnElement[bool]:
    """Return the condition that a person (`User`, or an alias of it) is an active member of a council."""
    return and_(person.council_id == council_id, person.status == UserStatus.ACTIVE)


def is_in(council_id: ColumnElement, territory_ids: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a council lies in one of these territories."""
    places = council_territories.c
    return exists().where(places.council_id == council_id, places.territory_id.in_(territory_ids))


def may_read(viewer: Viewer, row: Council | StoredFile | User | Publication | Attachment | Revision) -> bool:
    """Tell whether `viewer` may read one loaded row."""
    model = type(row)
    if isinstance(row, Publication):  # asked for each of many people who might be told of it
        return _may_read_publication(viewer, row)
    return db.session.scalar(select(exists().where(model.id == row.id, readable(model, viewer))))


def get_readable_or_404(model: type, viewer: Viewer, *options, **key):
    """Return the row with this key, loaded with `options`, when `viewer` may read it; otherwise abort with 404."""
    if any("\0" in value for value in key.values() if isinstance(value, str)):
        abort(404)  # PostgreSQL would not even take the question
    statement = select(model).filter_by(**key).where(readable(model, viewer)).options(*options)
    return db.session.scalar(statement) or abort(404)


def may_steer(viewer: Viewer) -> bool:
    """Tell whether `viewer` runs the site: sees the outbox, the jobs and what fails."""
    return viewer.is_animator


def may_watch_signups(viewer: Viewer) -> bool:
    """Tell whether `viewer` is the safety net of sign-ups: the animator everywhere, a referent at home."""
    return viewer.is_animator or viewer.is_referent


def has_account(viewer: Viewer) -> bool:
    """Tell whether `viewer` is somebody with an account, be it one that waits for its validation."""
    return viewer.user_id is not None


def may_suspend(viewer: Viewer, user: User) -> bool:
    """Tell whether `viewer` may suspend an open account: the animator, any but their own."""
    return viewer.is_animator and user.status == UserStatus.ACTIVE and user.id != viewer.user_id


def may_restore(viewer: Viewer, user: User) -> bool:
    """Tell whether `viewer` may open a suspended account again."""
    return viewer.is_animator and user.status == UserStatus.SUSPENDED


def is_member(viewer: Viewer) -> bool:
    """Tell whether `viewer` has a validated account of whatever kind."""
    return viewer.is_active


def may_keep(viewer: Viewer, council_id: int | None) -> bool:
    """Tell whether `viewer` is an active member of this council, and so keeps its page and welcomes its members."""
    return viewer.is_active and council_id is not None and viewer.council_id == council_id


def may_vouch(viewer: Viewer, candidate: User) -> bool:
    """Tell whether `viewer` is a peer of somebody whose sign-up waits."""
    return candidate.status == UserStatus.PENDING and may_keep(viewer, candidate.council_id)


def may_learn(viewer: Viewer, candidate: User) -> bool:
    """Tell whether `viewer` is told, as a peer, what was decided about a sign-up in their council."""
    return candidate.decided_at is not None and may_keep(viewer, candidate.council_id)


def may_decide(viewer: Viewer, candidate: User) -> bool:
    """Tell whether `viewer` decides about a sign-up that the peers have left, or given, to the safety net."""
    if candidate.status != UserStatus.PENDING or candidate.escalated_at is None:
        return False
    return may_review(viewer, candidate)


def decidable(viewer: Viewer) -> ColumnElement[bool]:
    """Return the SQL condition that sign-ups meet when `viewer` may decide about them, as `may_decide` says for one."""
    is_held = and_(User.status == UserStatus.PENDING, User.escalated_at.is_not(None))
    if viewer.is_animator:
        return is_held
    return and_(is_held, is_in(User.council_id, viewer.territory_ids)) if viewer.is_referent else false()


def may_review(viewer: Viewer, candidate: User) -> bool:
    """Tell whether `viewer` sees a sign-up, waiting or settled, with what the peers said of it."""
    is_signup = candidate.status == UserStatus.PENDING or candidate.decided_at is not None
    return is_signup and (viewer.is_animator or (viewer.is_referent and _answers_for(viewer, candidate.council)))


def _answers_for(viewer, council):
    return council is not None and any(place.id in viewer.territory_ids for place in council.territories)


def require(right: bool) -> None:
    """Abort with 403 unless the right is there."""
    if not right:
        abort(403)
