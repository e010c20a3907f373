"""A topic page by page, a new one, and answers."""

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask_login import current_user
from sqlalchemy import select

from app.access import (
    is_member,
    may_answer,
    may_arrange,
    may_correct,
    may_move,
    may_open_topic,
    may_put_back,
    may_read,
    may_settle,
    may_take_back,
    require,
    viewer_of,
)
from app.blueprints.community import files
from app.blueprints.community.common import (
    WHOLE,
    address_of_category,
    address_of_message,
    address_of_topic,
    find_category,
    find_group,
    find_topic,
    give_back_unread,
    lock_topic,
    or_keep,
    require_open,
    require_slug,
)
from app.blueprints.community.writing import take
from app.blueprints.web import NumberedPagination, current_viewer, lock_writer, note
from app.extensions import begin_write, db
from app.forms.discussions import MessageForm, TopicForm
from app.models import Category, Message, Topic
from app.services import attachments, cards, discussions, posting
from app.templating import plural

bp = Blueprint("topics", __name__)

CLOSED_RUBRIC = "On ne peut plus écrire ici"
CLOSED = "On ne peut plus répondre à ce sujet"


# Reading ----------------------------------------------------------------------------------------------------------


@bp.get("/forum/sujets/<id:topic_id>-<slug>")
def show(topic_id, slug):
    """Show one page of a topic, and note that the person has read so far."""
    viewer = current_viewer()
    require(is_member(viewer))
    found = discussions.opened(topic_id, current_user, viewer) or abort(404)
    topic = found.topic
    require_slug(topic, slug)
    page = NumberedPagination(topic.last_number, lambda *numbers: discussions.messages(topic_id, viewer, *numbers))
    rows = page.items
    html = render_template(
        "community/topics/show.html",
        found=found,
        topic=topic,
        page=page,
        attached=attachments.of_messages([row.id for row in rows if row.has_files and row.body]),
        cards=cards.cards_of([row.id for row in rows if row.has_cards and row.body], viewer),
        form=_answer_form(topic) if page.page == page.pages and may_answer(viewer, topic) else None,
        may_answer=may_answer(viewer, topic),
        may_settle=may_settle(viewer, topic),
        rights={"arrange": may_arrange(viewer, topic), "move": may_move(viewer, topic)},
        acts={row.id: _acts(viewer, row, topic) for row in rows if row.author_id == viewer.user_id},
    )
    if rows and rows[-1].number > found.number:
        note(discussions.note_read, viewer.user_id, topic_id, rows[-1].number)
    return html


def _answer_form(topic):
    form = MessageForm(formdata=None)
    form.seen.data = str(topic.last_number)
    return form


def _acts(viewer, row, topic):
    """Return what somebody may do with their own message."""
    rights = {
        "edit": may_correct(viewer, row, topic),
        "take_back": may_take_back(viewer, row),
        "put_back": may_put_back(viewer, row),
    }
    return {name for name, may in rights.items() if may}


@bp.get("/forum/sujets/<id:topic_id>-<slug>/non-lus")
def unread(topic_id, slug):
    """Go to the first message that the person has not read."""
    viewer = current_viewer()
    require(is_member(viewer))
    found = discussions.opened(topic_id, current_user, viewer) or abort(404)
    return redirect(address_of_message(found.topic, discussions.first_unread(found)))


# A new topic ------------------------------------------------------------------------------------------------------


@bp.route("/forum/<slug>/nouveau", methods=["GET", "POST"])
def new(slug):
    """Begin a topic in a rubric of the forum."""
    require(is_member(current_viewer()))
    return _begin(or_keep(find_category, slug))


@bp.route("/groupes/<slug>/discussions/nouveau", methods=["GET", "POST"])
def new_in_group(slug):
    """Begin a topic in a group."""
    require(is_member(current_viewer()))
    group = or_keep(find_group, slug)
    return _begin(db.session.scalars(select(Category).filter_by(group_id=group.id)).one())


def _begin(category):
    require_open(may_open_topic(current_viewer(), category), CLOSED_RUBRIC, address_of_category(category))
    form, category_id = TopicForm(), category.id
    files.offer(form, form.key.data)
    if request.method == "POST" and (answer := take(form, lambda words: _open(form, category_id, words))):
        return answer
    category = db.session.get(Category, category_id)
    return render_template("community/topics/new.html", form=form, category=category), *form.outcome


def _open(form, category_id, words):
    """Begin a topic, with the rights of this instant. The same form again leads to what it has made."""
    begin_write()
    me = lock_writer()
    if made := posting.made_by(Topic, form.key.data, me):
        return redirect(address_of_topic(made))
    viewer = viewer_of(me)
    category = db.session.scalar(
        select(Category).where(Category.id == category_id).with_for_update(read=True, of=Category)
    )
    if category is None or not may_read(viewer, category):
        give_back_unread()
    require_open(may_open_topic(viewer, category), CLOSED_RUBRIC, address_of_category(category))
    topic = posting.open_topic(category, me, key=form.key.data, title=form.title.data, words=words)
    message = posting.made_by(Message, form.key.data, me)
    files.keep(form, [], form.key.data, message)
    db.session.commit()
    flash("Votre sujet est publié.")
    return redirect(address_of_topic(topic))


# An answer --------------------------------------------------------------------------------------------------------


@bp.route("/forum/sujets/<id:topic_id>-<slug>/repondre", methods=["GET", "POST"])
def reply(topic_id, slug):
    """Answer in a topic, perhaps quoting a message (`cite`), or below the one that a mail told of (`a`)."""
    require(is_member(current_viewer()))
    topic = or_keep(find_topic, topic_id)
    if request.method == "GET":
        require_slug(topic, slug)
    require_open(may_answer(current_viewer(), topic), CLOSED, address_of_message(topic, topic.last_number))
    answered = _answered(topic)
    form = MessageForm()
    if request.method == "GET":
        form.seen.data = str(topic.last_number)
        form.text.data = form.quoted.data = _quote(answered) if "cite" in request.args else ""
    files.offer(form, form.key.data)
    if request.method == "POST" and (answer := take(form, lambda words: _reply(form, topic_id, words))):
        return answer
    topic = db.session.get(Topic, topic_id, options=WHOLE)
    quotes = form.text.data.startswith(">")
    page = render_template("community/topics/reply.html", form=form, topic=topic, answered=answered, quotes=quotes)
    return page, *form.outcome


def _answered(topic):
    """Return the message that is answered: the one that the address names, or the newest one."""
    number = request.args.get("cite", type=int) or request.args.get("a", type=int) or topic.last_number
    found = discussions.messages(topic.id, current_viewer(), number, number) if 0 < number <= topic.last_number else []
    return found[0] if found and found[0].body else None


def _quote(answered):
    if answered is None:
        return ""
    text = db.session.scalar(select(Message.text).where(Message.id == answered.id))
    return posting.quote(answered.author or "Un ancien membre", text)


def _reply(form, topic_id, words):
    """Add an answer, with the rights of this instant. The same form again leads to what it has made."""
    begin_write()
    topic, me = lock_topic(topic_id)
    if topic and (made := posting.made_by(Message, form.key.data, me)):
        return redirect(address_of_message(topic, made.number))
    viewer = viewer_of(me)
    if topic is None or not may_read(viewer, topic):
        give_back_unread()
    require_open(may_answer(viewer, topic), CLOSED, address_of_message(topic, topic.last_number))
    message = posting.post(topic, me, key=form.key.data, words=words)
    files.keep(form, [], form.key.data, message)
    db.session.commit()
    flash(_published(message.number - 1 - form.seen_number if form.seen_number else 0))
    return redirect(address_of_message(topic, message.number))


def _published(between):
    """Say that an answer is there, and that others came in while it was written."""
    if between <= 0:
        return "Votre message est publié."
    others = plural(between, "autre message est arrivé", "autres messages sont arrivés")
    return f"Votre message est publié. Pendant que vous écriviez, {others} : lisez aussi au-dessus du vôtre."
