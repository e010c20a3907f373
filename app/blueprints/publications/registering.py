"""Registering for an event: with an account in one click, without one by a link or a code; the page of a registration.

The pages of a registration work for whoever has its link, on any telephone, without an account.
"""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, session, url_for
from flask_login import current_user
from sqlalchemy.orm import joinedload

from app.access import VISITOR, has_account, may_come, may_read, may_register, require, viewer_of
from app.blueprints.publications.common import address_of, find, lock, require_slug
from app.blueprints.web import count, current_viewer, is_logged_in, require_token
from app.extensions import begin_write, db
from app.forms.base import ActForm
from app.forms.profile import CodeForm
from app.forms.registrations import AnswersForm, VisitorForm
from app.forms.signups import mailbox
from app.labels import RegistrationStatus
from app.models import Event, Publication, Registration
from app.notifications.publications import deadline
from app.notifications.registrations import place_of, token_of
from app.phone import display
from app.services import limits, offers, registrations, seats
from app.services.codes import Outcome
from app.services.registrations import Closed
from app.signing import BadToken

bp = Blueprint("registering", __name__)

TYPED = "registration_email"  # the address of a form that was just sent, in the session
OUTCOME = {
    RegistrationStatus.CONFIRMED: "Votre inscription est confirmée : vous avez une place.",
    RegistrationStatus.OFFERED: "Une place vous est proposée : répondez ci-dessous.",
}
WAITING = "Il n’y a plus de place pour l’instant : vous êtes {}."
CANCELLED = "Votre inscription est annulée."
NOTHING = "Vous n’aviez pas de place à cet événement."
BEGUN = "L’événement a commencé : votre inscription ne change plus."
TOO_LATE = "C’est trop tard : cette place n’est plus gardée pour vous."
OVER = "Ce code ne sert plus : il a plus de dix minutes, ou il y a eu trop d’essais. Demandez-en un autre."
NO_TEXTS = "Donnez plutôt une adresse électronique : elle suffit, et le numéro n’est pas nécessaire."
WRONG_CODE = "Ce n’est pas le code du dernier SMS : vérifiez les six chiffres."


# On the page of the event -----------------------------------------------------------------------------------------


@bp.route("/<any(evenements):path>/<id:item_id>-<slug>/inscription", methods=["GET", "POST"])
def edit(path, item_id, slug):
    """Register for an event: what is asked of members, or of visitors."""
    event = find(path, item_id, joinedload(Publication.council))
    require(may_register(current_viewer(), event))
    if request.method == "GET":
        require_slug(event, slug)
    return _register_member(event) if is_logged_in() else _register_visitor(event)


def _register_member(event):
    mine = registrations.mine(event, current_user)
    if mine and mine.is_standing:
        flash(_said(mine))
        return redirect(address_of(event) + "#inscription")
    form = AnswersForm()
    form.ask(event)
    if form.validate_on_submit() and count(form, (limits.REGISTER_ACCOUNT, str(current_user.id))):
        try:
            return _place_member(event.id, form)
        except Closed as refusal:
            event = _again(form, refusal, event.id)
    return _form(event, form)


def _place_member(event_id, form):
    begin_write()
    event, me = lock(Event, event_id)
    _require_still(viewer_of(me), event)
    mine = registrations.register(event, user=me, name=me.name, answers=form.answers)
    db.session.commit()
    flash(_said(mine))
    return redirect(address_of(event) + "#inscription")


def _require_still(viewer, event):
    """Look at the rights again, as they are with the event locked."""
    if event is None or not (may_read(viewer, event) or event.deleted_at):
        abort(404)
    if not event.deleted_at and event.takes_registrations:
        require(may_register(viewer, event))


def _again(form, refusal, event_id):
    """Let the form say why it comes back; return the event, read again."""
    db.session.rollback()
    form.refuse(str(refusal))
    return db.session.get(Event, event_id)


def _said(registration):
    rank = offers.rank_of(registration)
    return WAITING.format(place_of(rank)) if rank else OUTCOME.get(registration.status, CANCELLED)


def _form(event, form):
    state = seats.state_of(event)
    shown = {"event": event, "form": form, "state": state, "until": deadline(event)}
    return render_template("publications/registering/edit.html", **shown), *form.outcome


def _register_visitor(event):
    form = VisitorForm()
    form.ask(event)
    if form.validate_on_submit():
        if form.is_of_a_machine:
            return _look(event, form)
        if _may_try(form, event):
            try:
                return _ask_visitor(event.id, form)
            except Closed as refusal:
                event = _again(form, refusal, event.id)
    return _form(event, form)


def _may_try(form, event):
    """Count the attempt: of this network, and to this mailbox; or to this number, as codes by SMS are paid for."""
    place = limits.network(request.remote_addr)
    if form.email.data:
        to = (limits.REGISTER_MAIL, mailbox(form.email.data))
        return count(form, to, (limits.REGISTER_NETWORK, place))
    texts = [(limits.REGISTER_TEXT, form.mobile), (limits.REGISTER_TEXTS_NETWORK, place)]
    texts += [(limits.REGISTER_TEXTS_EVENT, str(event.id)), (limits.REGISTER_TEXTS, "")]
    if not (may := count(form, *texts, (limits.REGISTER_NETWORK, place))):
        form.email.errors = [NO_TEXTS]
    return may


def _ask_visitor(event_id, form):
    begin_write()
    event = seats.lock(event_id)
    _require_still(VISITOR, event)
    asked = {"name": form.name.data, "email": form.email.data, "phone": form.mobile, "answers": form.answers}
    registration = registrations.ask(event, **asked)
    token = registrations.code_token(registration)
    db.session.commit()
    return _look(event, form) if form.email.data else redirect(url_for(".code", token=token))


def _look(event, form):
    session[TYPED] = form.email.data
    return redirect(address_of(event, "registering.sent"))


@bp.get("/<any(evenements):path>/<id:item_id>-<slug>/inscription/envoyee")
def sent(path, item_id, slug):
    """Tell to look into the mailbox: the same words whatever happened."""
    event = find(path, item_id)
    return render_template("publications/registering/sent.html", event=event, email=session.pop(TYPED, ""))


@bp.post("/<any(evenements):path>/<id:item_id>-<slug>/desinscription")
def delete(path, item_id, slug):
    """Cancel one's own registration."""
    require(has_account(current_viewer()))
    event = find(path, item_id)
    require_token()
    event_id = event.id
    begin_write()
    event, me = lock(Event, event_id)
    mine = registrations.mine(event, me) if event else None
    flash(_cancel(mine))
    db.session.commit()
    return redirect(address_of(event) + "#inscription" if event else url_for("public.home.show"))


def _cancel(registration):
    if registration is None:
        return NOTHING
    if registration.event.has_begun:
        return BEGUN
    registrations.cancel(registration)
    return CANCELLED


# The page of a registration ---------------------------------------------------------------------------------------


@bp.get("/inscriptions", defaults={"token": ""})
@bp.route("/inscriptions/<token>", methods=["GET", "POST"])
def show(token):
    """Show where a registration stands, and do what its button says. Mail scanners open links: opening changes
    nothing."""
    found = _find(registrations.by_token, token)
    form = ActForm()
    if form.validate_on_submit():
        return _act(found.id, found.event_id, form)
    return _page(found, form)


def _find(read, token):
    """Return the registration of a link; abort with a page that says what is wrong with it."""
    try:
        found = read(token)
    except BadToken:
        abort(make_response(_bad_link("cut")))
    return found if found is not None and not found.erased_at else abort(make_response(_bad_link("gone")))


def _act(registration_id, event_id, form):
    begin_write()
    seats.lock(event_id)
    found = db.session.get(Registration, registration_id, populate_existing=True)
    if found is None or found.erased_at:
        return _bad_link("gone")
    try:
        found, said = ACTS.get(request.form.get("act"), _do_nothing)(found)
    except Closed as refusal:
        db.session.rollback()
        form.refuse(str(refusal))
        return _page(db.session.get(Registration, registration_id), form)
    token = token_of(found)
    db.session.commit()
    if said:
        flash(said)
    return redirect(url_for(".show", token=token))


def _confirm(found):
    if found.status != RegistrationStatus.UNCONFIRMED or found.email or found.user_id:
        found = registrations.confirm(found)
        return found, _said(found)
    return found, ""  # a number is proved by its code alone


def _accept(found):
    return found, _said(found) if offers.accept(found) else TOO_LATE


def _withdraw(found):
    return found, _cancel(found)


def _do_nothing(found):
    return found, ""


ACTS = {"confirm": _confirm, "accept": _accept, "cancel": _withdraw}


def _page(found, form):
    event = found.event
    shown = {
        "registration": found, "event": event, "form": form,
        "place": place_of(offers.rank_of(found)),
        "closed": seats.closed(event), "is_gone": event.is_gone,
        "may_come": may_come(found), "may_return": may_read(current_viewer(), event),
        "is_answerable": offers.is_answerable(found), "is_sure": "annuler" not in request.args,
        "goes_for_good": _goes_for_good(found), "may_note": may_read(VISITOR, event) and event.starts_at,
    }  # fmt: skip
    return render_template("publications/registering/show.html", **shown), *form.outcome


def _goes_for_good(registration):
    """Tell whether a place that is given up does not come back: others wait, or would come first."""
    return registration.status == RegistrationStatus.CONFIRMED and seats.state_of(registration.event).is_full


def _bad_link(why):
    return render_template("publications/registering/bad_link.html", why=why), 404 if why == "cut" else 410


@bp.route("/inscriptions/<token>/code", methods=["GET", "POST"])
def code(token):
    """Take the code that was sent to the number of a visitor."""
    found = _find(registrations.by_code_token, token)
    form = CodeForm()
    if form.validate_on_submit() and _may_guess(form):
        if answer := _try_code(found.id, found.event_id, form):
            return answer
        found = db.session.get(Registration, found.id)
    number = display(found.phone) if registrations.awaits_code(found) else ""
    again = address_of(found.event, "registering.edit") if may_read(current_viewer(), found.event) else ""
    return render_template("publications/registering/code.html", form=form, number=number, again=again), *form.outcome


def _may_guess(form):
    return count(form, (limits.REGISTER_CODE, limits.network(request.remote_addr)))


def _try_code(registration_id, event_id, form):
    """Answer the right code; None when the form comes back."""
    begin_write()
    seats.lock(event_id)
    found = db.session.get(Registration, registration_id, populate_existing=True)
    if found is None:
        return _bad_link("gone")
    try:
        outcome = registrations.try_code(found, form.digits)
    except Closed as refusal:
        db.session.rollback()
        form.refuse(str(refusal))
        return None
    if isinstance(outcome, Registration):
        token, said = token_of(outcome), _said(outcome)
        db.session.commit()
        flash(said)
        return redirect(url_for(".show", token=token))
    db.session.commit()
    form.code.errors = [WRONG_CODE if outcome == Outcome.WRONG else OVER]
    return None
