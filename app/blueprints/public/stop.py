"""`/desabonnement`: one kind of messages, stopped or wanted again, without logging in."""

from hmac import compare_digest

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for

from app.extensions import begin_write, db
from app.forms.stop import StopForm
from app.labels import MESSAGE_KIND, Channel
from app.notifications import outbox
from app.notifications.message import read_stop_token
from app.phone import InvalidNumber, parse_mobile
from app.text import fold

bp = Blueprint("stop", __name__)


@bp.route("/desabonnement/<token>", methods=["GET", "POST"])
def edit(token):
    """Show the button; POST stops. A mail program's one click (RFC 8058) has no page, hence no token of a form."""
    try:
        channel, address, kind = read_stop_token(token)
    except ValueError:
        abort(404)
    form = StopForm()
    if request.method == "POST" and request.form.get("List-Unsubscribe") == "One-Click":
        _choose((channel, address, kind, outbox.stop))
        return Response("Désabonnement enregistré.\n", content_type="text/plain; charset=utf-8")
    if form.validate_on_submit():
        kinds, act = {"stop": ([kind], outbox.stop), "all": ([outbox.ALL], outbox.stop)}.get(
            form.choice.data, ([kind, outbox.ALL], outbox.resume)
        )
        _choose(*((channel, address, wanted, act) for wanted in kinds))
        flash("Votre choix est enregistré.")
        return redirect(url_for(".edit", token=token))
    stopped = outbox.is_stopped(channel, address, kind)
    page = render_template(
        "public/stop/edit.html", form=form, stopped=stopped, address=address, words=MESSAGE_KIND.get(kind, kind)
    )
    return page, 422 if form.errors else 200


@bp.post("/sms/recus/<secret>")
def receive(secret):
    """Take an answer to an SMS from the gateway, which alone knows this address: STOP is honoured at once."""
    known = current_app.config["SMS_INBOUND_SECRET"]
    if not known or not compare_digest(secret.encode(), known.encode()):
        abort(404)
    said = request.get_json(silent=True)
    said = said if isinstance(said, dict) else request.form
    text = next((str(said[name]) for name in ("text", "message", "body", "content") if name in said), "")
    sender = next((str(said[name]) for name in ("from", "sender", "number", "msisdn") if name in said), "")
    if fold(text).split()[:1] == ["stop"]:
        # Gateways write the number without its +, as « 33612345678 ».
        number = sender if sender.strip()[:1] in ("+", "0") else f"+{sender}"
        try:
            _choose((Channel.SMS, parse_mobile(number), outbox.ALL, outbox.stop))
        except InvalidNumber:
            current_app.logger.warning("a STOP whose number cannot be read")
    return Response("OK\n", content_type="text/plain; charset=utf-8")


def _choose(*choices):
    """Write (channel, address, kind, act) choices down, all or none."""
    begin_write()
    for channel, address, kind, act in choices:
        act(channel, address, kind)
    db.session.commit()
