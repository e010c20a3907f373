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
from app.blueprints.community.writing import refuse_used, take
from app.blueprints.web import NumberedPagination, current_viewer, lock_writer, note
from app.extensions import begin_write, db
from app.forms.discussions import MessageForm, TopicForm
from app.models import Category, Message, Topic
from app.services import attachments, cards, discussions, groups, posting
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
        said_at=next((row.number for row in rows if row.number == request.args.get("message", type=int)), None),
        attached=attachments.of_messages([row.id for row in rows if row.has_files and row.body]),
        cards=cards.cards_of([row.id for row in rows if row.has_cards and row.body], viewer),
        form=_answer_form(topic) if page.page == page.pages and may_answer(viewer, topic) else None,
        may_answer=may_answer(viewer, topic),
        may_settle=may_settle(viewer, topic),
        rights={"arrange": may_arrange(viewer, topic), "move": may_move(viewer, topic)},
        acts={row.id: _acts(viewer, row, topic) for row in rows if row.author_id == viewer.user_id},
    )
    if request.method == "GET" and rows[-1].number > found.number and found.joins(rows[0].number):
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
    return _begin(groups.place_of(group))


def _begin(category):
    require_open(may_open_topic(current_viewer(), category), CLOSED_RUBRIC, address_of_category(category))
    form, category_id = TopicForm(), category.id
    files.offer(form, form.key.data)
    if request.method == "POST" and (answer := take(form, category, lambda words: _open(form, category_id, words))):
        return answer
    category = db.session.get(Category, category_id)
    return render_template("community/topics/new.html", form=form, category=category), *form.outcome


def _open(form, category_id, words):
    """Begin a topic, with the rights of this instant. The same form again leads to what it has made."""
    begin_write()
    me = lock_writer()
    viewer = viewer_of(me)
    category = db.session.scalar(
        select(Category).where(Category.id == category_id).with_for_update(read=True, of=Category)
    )
    if category is None or not may_read(viewer, category):
        give_back_unread()
    require_open(may_open_topic(viewer, category), CLOSED_RUBRIC, address_of_category(category))
    if made := posting.twin(me, words, category=category, title=form.title.data):
        return _made(made)
    if posting.is_taken(form.key.data):
        return refuse_used(form)
    message = posting.open_topic(category, me, key=form.key.data, title=form.title.data, words=words)
    topic = message.topic
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
    form = MessageForm()
    if request.method == "GET":
        form.seen.data, form.cite.data = str(topic.last_number), request.args.get("cite", "")
    answered = _answered(topic, form)
    files.offer(form, form.key.data)
    if request.method == "POST":
        quotation = _quote(answered) if form.cited_number else ""
        if answer := take(form, topic.category, lambda words: _reply(form, topic_id, words), quotation):
            return answer
    topic = db.session.get(Topic, topic_id, options=WHOLE)
    return render_template("community/topics/reply.html", form=form, topic=topic, answered=answered), *form.outcome


def _answered(topic, form):
    """Return the message that is answered: the one that is quoted, that the address names, or the newest one. None:
    there is nothing to be read any more."""
    number = form.cited_number or request.args.get("a", type=int) or topic.last_number
    found = discussions.messages(topic.id, current_viewer(), number, number) if 0 < number <= topic.last_number else []
    one = found[0] if found else None
    return one if one and one.body and not one.removed_at and not one.hidden_at else None


def _quote(answered):
    if answered is None:
        return ""
    text = db.session.scalar(select(Message.text).where(Message.id == answered.id))
    return posting.quote(answered.author or "Un ancien membre", text)


def _reply(form, topic_id, words):
    """Add an answer, with the rights of this instant. The same form again leads to what it has made."""
    begin_write()
    topic, me = lock_topic(topic_id)
    viewer = viewer_of(me)
    if topic is None or not may_read(viewer, topic):
        give_back_unread()
    require_open(may_answer(viewer, topic), CLOSED, address_of_message(topic, topic.last_number))
    if made := posting.twin(me, words, topic=topic):
        return _made(made)
    if posting.is_taken(form.key.data):
        return refuse_used(form)
    message = posting.post(topic, me, key=form.key.data, words=words)
    files.keep(form, [], form.key.data, message)
    db.session.commit()
    flash(_published(message.number - 1 - form.seen_number if form.seen_number else 0))
    return redirect(address_of_message(topic, message.number, says=True))


def _made(message):
    """Lead to what is there already: the same words were sent twice."""
    flash("Ce message est déjà publié.")
    return redirect(address_of_message(message.topic, message.number, says=True))


def _published(between):
    """Say that an answer is there, and that others came in while it was written."""
    if between <= 0:
        return "Votre message est publié."
    others = plural(between, "autre message est arrivé", "autres messages sont arrivés")
    return f"Votre message est publié. Pendant que vous écriviez, {others} : lisez aussi au-dessus du vôtre."
