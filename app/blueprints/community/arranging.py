"""What is done to a topic: pinned, closed, settled, under another title or in another rubric."""

from flask import Blueprint, abort, flash, redirect, render_template, request
from sqlalchemy import select

from app.access import is_member, may_arrange, may_move, may_read, may_settle, require, viewer_of
from app.blueprints.community.common import (
    address_of_message,
    address_of_topic,
    find_topic,
    give_back_unread,
    lock_topic,
    or_keep,
    require_open,
    require_slug,
)
from app.blueprints.web import current_viewer, require_token
from app.extensions import begin_write, db
from app.forms.arranging import MoveForm, TitleForm
from app.models import Category
from app.services import arranging

bp = Blueprint("arranging", __name__, url_prefix="/forum/sujets/<id:topic_id>-<slug>")

PIN = {  # button → whether the topic is pinned from now on, what is said of it
    "epingler": (True, "Le sujet est épinglé : il reste en haut de la liste."),
    "cancel": (False, "Le sujet n’est plus épinglé."),
}
CLOSE = {
    "fermer": (True, "Le sujet est fermé : on peut le lire, on n’y répond plus."),
    "cancel": (False, "Le sujet est rouvert : on peut de nouveau y répondre."),
}
NO_ANSWER = "Ce message n’est plus là : choisissez-en un autre."
SHUT = "Cette rubrique vient d’être fermée ou supprimée : choisissez-en une autre."
TOO_LATE = "Vous ne pouvez plus ranger ce sujet"


@bp.post("/epingle")
def pin(topic_id, slug):
    """Have the topic stand before the others, or among them again."""
    return _press(topic_id, PIN, arranging.pin)


@bp.post("/fermeture")
def close(topic_id, slug):
    """Have nobody answer in the topic any more, or let them answer again."""
    return _press(topic_id, CLOSE, arranging.close)


def _press(topic_id, buttons, do):
    """Do what a button says: its value is what is wanted, so that pressing it twice undoes nothing."""
    _find(topic_id, may_arrange)
    require_token()
    wanted, said = buttons.get(request.form.get("act")) or abort(400)  # no button of ours
    topic, me = _lock(topic_id, may_arrange)
    do(topic, wanted, me)
    db.session.commit()
    flash(said)
    return redirect(address_of_topic(topic))


@bp.post("/reponse")
def settle(topic_id, slug):
    """Note which message answers the question of the topic, or that it is no answer after all."""
    _find(topic_id, may_settle)
    require_token()
    number = request.form.get("number", type=int) or abort(400)
    topic, me = _lock(topic_id, may_settle)
    if request.form.get("act") == "cancel":
        arranging.unsettle(topic, number, me)
        said = "C’est noté : ce message n’est plus la réponse."
    else:
        is_settled = 0 < number < 2**31 and arranging.settle(topic, number, me)
        said = "C’est noté : ce message répond à la question." if is_settled else NO_ANSWER
    db.session.commit()
    flash(said)
    return redirect(address_of_message(topic, min(max(number, 1), topic.last_number), says=True))


@bp.route("/titre", methods=["GET", "POST"])
def rename(topic_id, slug):
    """Give the topic another title."""
    topic = _find(topic_id, may_arrange, slug)
    form = TitleForm(data={"title": topic.title})
    if form.validate_on_submit():
        topic, me = _lock(topic_id, may_arrange)
        arranging.rename(topic, form.title.data, me)
        db.session.commit()
        flash("Le titre est changé.")
        return redirect(address_of_topic(topic))
    return render_template("community/arranging/rename.html", topic=topic, form=form), *form.outcome


@bp.route("/deplacement", methods=["GET", "POST"])
def move(topic_id, slug):
    """Put the topic into another rubric of the forum."""
    topic = _find(topic_id, may_move, slug)
    form = MoveForm(arranging.open_rubrics(but=topic.category_id))
    if form.validate_on_submit() and (category := _move(topic_id, form)):
        flash(f"Le sujet est maintenant dans la rubrique « {category.name} ».")
        return redirect(address_of_topic(topic))
    return render_template("community/arranging/move.html", topic=topic, form=form), *form.outcome


def _move(topic_id, form):
    """Return the rubric where the topic is now; None when it was shut meanwhile, which the form says."""
    topic, me = _lock(topic_id, may_move)
    wanted = select(Category).where(Category.id == int(form.rubric.data))
    category = db.session.scalar(wanted.with_for_update(read=True).execution_options(populate_existing=True))
    if category is None or category.closed_at:
        form.rubric.errors = [SHUT]
        db.session.rollback()
        return None
    arranging.move(topic, category, me)
    db.session.commit()
    return category


def _find(topic_id, right, slug=None):
    """Return the topic of the address, for those who have a right over it. `slug`: the page has this address."""
    viewer = current_viewer()
    require(is_member(viewer))
    topic = or_keep(find_topic, topic_id)
    require(right(viewer, topic))
    if slug is not None and request.method == "GET":
        require_slug(topic, slug)
    return topic


def _lock(topic_id, right):
    """Begin a write; return the topic and who asks, both locked, with the rights of this instant."""
    begin_write()
    topic, me = lock_topic(topic_id)
    viewer = viewer_of(me)
    if topic is None or not may_read(viewer, topic):
        give_back_unread()
    require_open(right(viewer, topic), TOO_LATE, address_of_topic(topic))
    return topic, me
