"""`/desabonnement`: one kind of messages, stopped or wanted again, without logging in."""

from hmac import compare_digest

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from app.extensions import begin_write, db
from app.forms.stop import StopForm
from app.labels import MESSAGE_KIND, Channel
from app.models import Delivery
from app.notifications import outbox
from app.notifications.newsletter import LETTER
from app.phone import InvalidNumber, parse_mobile
from app.services import subscribing
from app.signing import BadToken, read
from app.text import fold, mask_address

bp = Blueprint("stop", __name__)


@bp.route("/desabonnement/<token>", methods=["GET", "POST"])
def edit(token):
    """Show the button; POST stops. A mail program's one click (RFC 8058) has no page, hence no token of a form."""
    delivery = _delivery(token)
    if request.method == "POST" and request.form.get("List-Unsubscribe") == "One-Click":
        _choose(subscribing.stop, delivery, delivery.kind)
        return Response("Désabonnement enregistré.\n", content_type="text/plain; charset=utf-8")
    form = StopForm()
    if form.validate_on_submit():
        act = subscribing.stop if form.stops else subscribing.resume
        _choose(act, delivery, outbox.ALL if form.is_about_all else delivery.kind)
        flash("Votre choix est enregistré.")
        return redirect(url_for(".edit", token=token))
    return _page(form, delivery), 422 if form.errors else 200


def _delivery(token):
    """Return the message that the token was made for: whoever holds it got that message, or had it forwarded. Once it
    is not known any more to whom it went, nobody can be meant."""
    try:
        delivery = db.session.get(Delivery, read("stop", token))
    except BadToken:
        delivery = None
    if delivery is None or not delivery.recipient:
        abort(make_response(render_template("public/stop/cut.html"), 404))
    return delivery


def _page(form, delivery):
    kinds, is_letter = outbox.stops(delivery.channel, delivery.recipient), delivery.kind == LETTER
    stopped = not subscribing.is_subscribed(delivery.recipient) if is_letter else delivery.kind in kinds
    form.offer(stopped, outbox.ALL in kinds, is_letter)
    return render_template(
        "public/stop/edit.html",
        form=form,
        stopped=stopped,
        all_stopped=outbox.ALL in kinds,
        is_letter=is_letter,
        address=mask_address(delivery.recipient),  # who had the mail forwarded need not learn it
        words=MESSAGE_KIND.get(delivery.kind, delivery.kind),
    )


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
            _choose(outbox.stop, Channel.SMS, parse_mobile(number), outbox.ALL)
        except InvalidNumber:
            current_app.logger.warning("a STOP whose number cannot be read")
    return Response("OK\n", content_type="text/plain; charset=utf-8")


def _choose(act, *what):
    begin_write()
    act(*what)
    db.session.commit()
