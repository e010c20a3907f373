"""`/animation/courrier`: what the outbox sends, what waits and why, and how the recurring jobs go."""

from flask import Blueprint, abort, current_app, render_template
from sqlalchemy import select

from app.access import may_steer, require
from app.blueprints.web import current_viewer
from app.extensions import db
from app.jobs import JOBS
from app.labels import Channel
from app.models import Delivery, Job
from app.notifications import outbox, texting

bp = Blueprint("mailbox", __name__, url_prefix="/animation/courrier")


@bp.get("")
def index():
    """Show the newest messages, the forecast of what waits, and the jobs."""
    require(may_steer(current_viewer()))
    newest = select(Delivery).order_by(Delivery.id.desc())
    return render_template(
        "moderation/mailbox/index.html",
        page=db.paginate(newest, per_page=30),
        forecast=outbox.forecast(),
        quota=current_app.config["MAIL_DAILY_QUOTA"],
        jobs=db.session.scalars(select(Job).order_by(Job.name)).all(),
        known=JOBS,
    )


@bp.get("/<int(max=2147483647):delivery_id>")
def show(delivery_id):
    """Show one message as its reader gets it, and its story."""
    require(may_steer(current_viewer()))
    delivery = db.session.get(Delivery, delivery_id) or abort(404)
    # Once messages really leave, their text is for their reader alone.
    server = current_app.config["SMS_GATEWAY" if delivery.channel == Channel.SMS else "MAIL_SERVER"]
    text = texting.text_of(delivery) if delivery.channel == Channel.SMS and delivery.content else ""
    return render_template(
        "moderation/mailbox/show.html",
        delivery=delivery,
        shows_text=not server,
        text=text,
        cost=texting.cost(delivery) if text else None,
    )
