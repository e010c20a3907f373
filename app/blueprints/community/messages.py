"""One message: its permanent address, its whole text, corrected within the hour, taken away and put back."""

from flask import Blueprint, flash, redirect, render_template, request

from app.access import is_member, may_correct, may_put_back, may_read, may_take_back, require, viewer_of
from app.blueprints.community import files
from app.blueprints.community.common import (
    address_of_message,
    find_message,
    find_place,
    give_back_unread,
    lock_topic,
    or_keep,
    require_open,
)
from app.blueprints.community.writing import take
from app.blueprints.web import current_viewer, require_token
from app.extensions import begin_write, db
from app.forms.discussions import MessageForm, TopicForm
from app.models import Message
from app.services import attachments, cards, posting

bp = Blueprint("messages", __name__, url_prefix="/forum/messages")

TOO_LATE = "Ce message ne peut plus être corrigé"


@bp.get("/<id:message_id>")
def show(message_id):
    """Go to a message on the page where it stands: this address stays, whatever the title and the rubric become."""
    require(is_member(current_viewer()))
    return redirect(_place(find_place(message_id)))


@bp.get("/<id:message_id>/entier")
def whole(message_id):
    """Show the whole text of a long message."""
    viewer = current_viewer()
    require(is_member(viewer))
    message = find_message(message_id)
    return render_template(
        "community/messages/whole.html",
        message=message,
        topic=message.topic,
        attached=attachments.of_messages([message.id] if message.has_files else []),
        cards=cards.cards_of([message.id] if message.has_cards else [], viewer),
    )


@bp.route("/<id:message_id>/modifier", methods=["GET", "POST"])
def edit(message_id):
    """Correct one's own message within the hour; of the first one, the title too."""
    viewer = current_viewer()
    require(is_member(viewer))
    message = or_keep(find_message, message_id)
    require(message.author_id == viewer.user_id)
    require_open(may_correct(viewer, message, message.topic), TOO_LATE, _place(message))
    model = TopicForm if message.number == 1 else MessageForm
    title = message.topic.title
    form = model(data={"title": title, "former": title, "text": message.text, "key": message.key})
    form.key.data = message.key  # whatever was sent: files are joined by it
    files.offer(form, message.key, message)
    if request.method == "POST" and (
        answer := take(form, message.topic.category, lambda words: _correct(form, message_id, words))
    ):
        return answer
    message = db.session.get(Message, message_id)
    page = render_template("community/messages/edit.html", form=form, message=message, topic=message.topic)
    return page, *form.outcome


def _correct(form, message_id, words):
    message, viewer = _lock(message_id)
    if message is None:
        give_back_unread()
    require_open(may_correct(viewer, message, message.topic), TOO_LATE, _place(message))
    has_title = "title" in form and form.title.data != form.former.data
    posting.correct(message, words, form.title.data if has_title else None)
    files.keep(form, [], message.key, message)
    db.session.commit()
    flash("C’est corrigé.")
    return redirect(_place(message, says=True))


@bp.route("/<id:message_id>/retrait", methods=["GET", "POST"])
def take_back(message_id):
    """Ask once, then take one's own message away."""
    viewer = current_viewer()
    require(is_member(viewer))
    message = find_message(message_id)
    if request.method == "GET":
        require(may_take_back(viewer, message))
        return render_template("community/messages/take_back.html", message=message, topic=message.topic)
    require_token()
    message, viewer = _lock(message_id)
    require(message is not None and message.author_id == viewer.user_id)
    if may_take_back(viewer, message):
        posting.take_back(message)
    db.session.commit()
    flash("Votre message est retiré. Vous pouvez le remettre pendant 30 jours.")
    return redirect(_place(message, says=True))


@bp.post("/<id:message_id>/retour")
def put_back(message_id):
    """Put one's own message back."""
    require(is_member(current_viewer()))
    find_message(message_id)
    require_token()
    message, viewer = _lock(message_id)
    require(message is not None and (message.removed_at is None or may_put_back(viewer, message)))
    posting.put_back(message)
    db.session.commit()
    flash("Votre message est de nouveau là.")
    return redirect(_place(message, says=True))


def _place(message, says=False):
    return address_of_message(message.topic, message.number, says=says)


def _lock(message_id):
    """Return a message of a topic that is locked, and what its writer may do at this instant; None for one that they
    may not read any more. Call it before anything is changed: it begins the write transaction."""
    begin_write()
    topic_id = db.session.get_one(Message, message_id).topic_id
    topic, me = lock_topic(topic_id)
    viewer = viewer_of(me)
    message = db.session.get(Message, message_id, populate_existing=True)
    return message if topic is not None and may_read(viewer, message) else None, viewer
