"""`/animation/courrier`: what the outbox sends, what waits and why, and how the recurring jobs go."""

from collections import Counter
from collections.abc import Iterable

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select

from app.access import may_steer, readable, require
from app.blueprints.web import current_viewer, paginate
from app.extensions import begin_write, db
from app.forms.settling import SettlingForm
from app.jobs import JOBS
from app.labels import UNTOLD, Channel, DeliveryState, Priority
from app.models import Delivery, Job, Message, Publication
from app.models.types import utcnow
from app.notifications import outbox, texting
from app.notifications.recipients import ALERT, DISCUSSION, FOLLOWING, REGISTRATION, REMINDER

bp = Blueprint("mailbox", __name__, url_prefix="/animation/courrier")

# The words of the addresses, and what they choose.
STATES = {
    "a-verifier": DeliveryState.TO_CHECK,
    "echec": DeliveryState.FAILED,
    "en-attente": DeliveryState.WAITING,
}
CHANNELS = {"courriel": Channel.MAIL, "sms": Channel.SMS}
# What messages tell of, and the kinds that tell of nothing else: there it is gone where none is named.
ABOUT = {"publication_id": Publication, "message_id": Message}
TELLING = {ALERT, DISCUSSION, FOLLOWING, REGISTRATION, REMINDER}
# What each button does, and what it says then.
ACTS = {
    "arrived": (outbox.note_arrived, "C’est noté : ce message est arrivé."),
    "again": (outbox.send_again, "Ce message repart dans quelques minutes, ou le matin si c’est la nuit."),
    "stop": (outbox.give_up, "C’est noté : ce message ne sera pas renvoyé."),
    "retry": (outbox.try_again, "Ce message repart dans quelques minutes, ou le matin si c’est la nuit."),
}
TOO_LATE = "Rien n’a changé : quelqu’un a déjà décidé pour ce message. Voici où il en est."


@bp.get("")
def index():
    """Show the newest messages, all or those of one state and channel, the forecast of what waits, and the jobs."""
    require(may_steer(current_viewer()))
    chosen = {"etat": request.args.get("etat"), "canal": request.args.get("canal")}
    page = paginate(_chosen(**chosen).order_by(Delivery.id.desc()), per_page=30)
    return render_template(
        "moderation/mailbox/index.html",
        page=page,
        untold=_untold(page.items),
        chosen=chosen,
        counts=_counts(),
        states=STATES,
        channels=CHANNELS,
        forecast=outbox.forecast(),
        quota=current_app.config["MAIL_DAILY_QUOTA"],
        texts=_texts(),
        texting=texting,
        jobs=db.session.scalars(select(Job).order_by(Job.name)).all(),
        known=JOBS,
    )


def _chosen(etat, canal):
    """Return the query of the list; an unknown word is a 404."""
    query = select(Delivery)
    for word, words, column in ((etat, STATES, Delivery.state), (canal, CHANNELS, Delivery.channel)):
        if word is not None:
            query = query.where(column == (words.get(word) or abort(404)))
    return query


def _untold(deliveries: Iterable[Delivery]) -> dict[int, str]:
    """Return the messages that tell of what the viewer may not read, by their id: what to call them, for a subject has
    its title."""
    read = {name: _readable(model, {getattr(one, name) for one in deliveries}) for name, model in ABOUT.items()}
    untold = [one for one in deliveries if one.subject and not _is_told(one, read)]
    return {one.id: UNTOLD.get(one.kind, "Un message") for one in untold}


def _readable(model, ids):
    if not (ids := ids - {None}):
        return set()
    return set(db.session.scalars(select(model.id).where(model.id.in_(ids), readable(model, current_viewer()))))


def _is_told(delivery, read):
    ids = {name: getattr(delivery, name) for name in ABOUT if getattr(delivery, name) is not None}
    return all(one in read[name] for name, one in ids.items()) if ids else delivery.kind not in TELLING


def _counts():
    """Return how many messages there are of each (state, channel); None stands for all."""
    counts = Counter()
    rows = select(Delivery.state, Delivery.channel, func.count()).group_by(Delivery.state, Delivery.channel)
    for state, channel, count in db.session.execute(rows):
        for key in ((state, channel), (state, None), (None, channel), (None, None)):
            counts[key] += count
    return counts


def _texts():
    """Return what the page says of this month's SMS."""
    month = texting.month_of(utcnow())
    segments, cents = texting.spent(month)
    cap = current_app.config["SMS_MONTHLY_CAP"]
    return {
        "month": month,
        "segments": segments,
        "cents": cents,
        "cap": cap,
        "held": [priority for priority in Priority if cap and segments >= outbox.share(cap, priority)],
        "council_cap": current_app.config["SMS_COUNCIL_MONTHLY_CAP"],
        "councils": texting.councils_held_back(),
        "waiting": texting.held_back(),
        "forecast": texting.forecast(),
    }


@bp.route("/<id:delivery_id>", methods=["GET", "POST"])
def show(delivery_id):
    """Show one message as its reader gets it, and its story; POST is what the animator decides for it."""
    require(may_steer(current_viewer()))
    delivery = db.session.get(Delivery, delivery_id) or abort(404)
    form = SettlingForm()
    if form.validate_on_submit():
        flash(_settle(delivery, form.act.data))
        return redirect(url_for(".show", delivery_id=delivery_id))
    # Once messages really leave, their text is for their reader alone.
    server = current_app.config["SMS_GATEWAY" if delivery.channel == Channel.SMS else "MAIL_SERVER"]
    is_text = delivery.channel == Channel.SMS and delivery.content
    page = render_template(
        "moderation/mailbox/show.html",
        delivery=delivery,
        untold=_untold([delivery]).get(delivery.id),
        form=form,
        objection=outbox.objection(delivery),
        shows_text=not server,
        text=texting.text_of(delivery) if is_text else "",
        cost=texting.cost(delivery) if is_text else None,
    )
    return page, 422 if form.errors else 200


def _settle(delivery, name):
    """Do what a button says; return what to tell of it."""
    act, words = ACTS[name]
    begin_write()
    leaves = name in ("again", "retry")
    if leaves and (objection := outbox.objection(delivery)):
        return objection
    done = act(delivery.id)
    db.session.commit()
    return words if done else TOO_LATE
