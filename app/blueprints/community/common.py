"""What the pages of discussions and groups share: finding the row that an address names, and its address."""

from typing import NoReturn

from flask import abort, flash, make_response, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import NotFound

from app.access import get_readable_or_404, readable
from app.blueprints.web import current_viewer, lock_writer, lost
from app.extensions import db
from app.models import Category, Group, Message, Topic, User
from app.services.discussions import PER_PAGE

GONE = "Ce que vous lisiez a été fermé, retiré ou réservé à d’autres personnes."
SHUT = "Depuis que vous avez ouvert cette page, on n’y écrit plus."
PLACE = joinedload(Category.group)
WHOLE = (joinedload(Topic.category, innerjoin=True).joinedload(Category.group),)


def find_category(slug: str) -> Category:
    """Return the rubric of the forum with this slug; otherwise 404."""
    return get_readable_or_404(Category, current_viewer(), PLACE, slug=slug)


def find_category_by_id(category_id: int) -> Category:
    """Return a rubric, or the place where a group discusses, when the viewer may read it; otherwise 404."""
    return get_readable_or_404(Category, current_viewer(), PLACE, id=category_id)


def find_group(slug: str, *options) -> Group:
    """Return a group of the viewer's council; otherwise 404."""
    return get_readable_or_404(Group, current_viewer(), *options, slug=slug)


def find_topic(topic_id: int, *options) -> Topic:
    """Return a topic with its rubric when the viewer may read it; otherwise 404."""
    return get_readable_or_404(Topic, current_viewer(), *WHOLE, *options, id=topic_id)


def find_message(message_id: int, *options) -> Message:
    """Return a message with its topic when the viewer may read it; otherwise 404."""
    place = joinedload(Message.topic, innerjoin=True).options(*WHOLE)
    return get_readable_or_404(Message, current_viewer(), place, *options, id=message_id)


def find_place(message_id: int) -> Message:
    """Return a message whose topic the viewer may read, be its text theirs to read or not: its place is there."""
    place = joinedload(Message.topic, innerjoin=True).options(*WHOLE)
    through = Message.topic.has(readable(Topic, current_viewer()))
    return db.session.scalar(select(Message).where(Message.id == message_id, through).options(place)) or abort(404)


def lock_topic(topic_id: int) -> tuple[Topic | None, User]:
    """Return a topic that is going to change, and who changes it, both locked and as they are at this instant; no
    topic for somebody who may not read it any more. Call it in a write transaction, then look at the rights again."""
    me = lock_writer()
    locked = select(Topic).where(Topic.id == topic_id).with_for_update(of=Topic, key_share=True)
    options = (*WHOLE, joinedload(Topic.author))
    topic = db.session.scalar(locked.options(*options).execution_options(populate_existing=True))
    return topic, me


def require_slug(topic: Topic, slug: str) -> None:
    """Send whoever comes by a former title to the present address."""
    if slug != topic.slug:
        address = url_for(request.endpoint, **request.view_args | {"slug": topic.slug})
        asked = request.query_string.decode("ascii", "ignore")
        abort(redirect(f"{address}?{asked}" if asked else address, 301))


def address_of_category(category: Category) -> str:
    """Return the address of the list of topics of a rubric, or of a group."""
    if category.group is not None:
        return url_for("community.groups.topics", slug=category.group.slug)
    return url_for("community.forum.show", slug=category.slug)


def address_of_new(category: Category) -> str:
    """Return the address of the form that begins a topic in a rubric, or in a group."""
    if category.group is not None:
        return url_for("community.topics.new_in_group", slug=category.group.slug)
    return url_for("community.topics.new", slug=category.slug)


def address_of_topic(topic: Topic, view: str = "topics.show", **values) -> str:
    """Return the address of a page about a topic: `view` is an endpoint of this blueprint."""
    return url_for(f"community.{view}", topic_id=topic.id, slug=topic.slug, **values)


def address_of_message(topic: Topic, number: int, *, says: bool = False) -> str:
    """Return the address of a message on the page of its topic where it stands. `says`: what is said of an act stands
    beside the message, where the browser goes, not at the top of the page."""
    page = -(-number // PER_PAGE)
    told = {"message": number} if says else {}
    return address_of_topic(topic, page=page if page > 1 else None, **told, _anchor=f"message-{number}")


def or_keep(find, *key):
    """Return what `find` finds. What somebody has written for a place that they may not read any more is shown to them,
    to be copied: it says nothing of that place, be there one or not."""
    try:
        return find(*key)
    except NotFound:
        if request.method == "POST":
            give_back_unread()
        raise


def give_back_unread() -> NoReturn:
    """Answer with what somebody has written for a place that they may not read any more, be there one or not."""
    _give_back("Vous ne pouvez plus écrire ici", GONE, 404)


def require_open(may: bool, closed: str, back: str) -> None:
    """Refuse to let somebody write where nobody may any more: what they have written comes back with it. Who only
    opens the form is sent to the address `back`. `closed`: the title of the page that says so."""
    if may:
        return
    if request.method == "POST":
        _give_back(closed, SHUT, 403, ("Revenir à la page", back))
    flash(f"{closed}.")
    abort(redirect(back))


def _give_back(heading, why, status, *back) -> NoReturn:
    db.session.rollback()
    texts = [request.form.get(name, "").strip() for name in ("title", "text")]
    abort(make_response(lost(heading, why, texts, *back), status))
