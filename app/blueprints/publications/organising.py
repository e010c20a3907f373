"""What those who hold an event do with the people who come: see them, register them, give a place, write to them."""

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask_login import current_user
from sqlalchemy.orm import joinedload

from app.access import is_member, may_organise, require, viewer_of
from app.blueprints.publications.common import address_of, find, lock, require_slug
from app.blueprints.web import count, current_viewer, paginate, require_token
from app.extensions import begin_write, db
from app.forms.base import ActForm
from app.forms.organising import LetterForm, person_form
from app.labels import REGISTRATION_STATUS
from app.models import Council, Event, Publication, User
from app.notifications import organisers
from app.notifications.organisers import Letter
from app.services import attendance, letters, limits, registrations, seats
from app.services.attendance import Part

bp = Blueprint("organising", __name__)

EVENT = "/<any(evenements):path>/<id:item_id>-<slug>"
PER_PAGE = 50
OPTIONS = (joinedload(Publication.council).selectinload(Council.territories), joinedload(Publication.author))
GROUPS = {
    "placed": "Les personnes inscrites", "offered": "Les personnes à qui une place est proposée",
    "waiting": "La liste d’attente", "all": "Tous : inscriptions et liste d’attente",
}  # fmt: skip
HIDDEN = "La modération relit cette annonce : on ne peut plus écrire aux personnes inscrites pour l’instant."
GONE = "Cette personne n’est plus sur la liste."


def find_held(path: str, item_id: int, slug: str) -> Event:
    """Return the event of an address, for those who hold it; others who read it are refused with 403."""
    require(is_member(current_viewer()))
    event = find(path, item_id, *OPTIONS)
    require(may_organise(current_viewer(), event))
    if request.method == "GET":
        require_slug(event, slug)
    return event


def lock_held(event: Event) -> tuple[Event, User]:
    """Begin a write; return the event and who asks, locked, if that person still holds it."""
    event_id = event.id
    begin_write()
    event, me = lock(Event, event_id)
    if event is None or event.deleted_at is not None:
        abort(404)
    require(may_organise(viewer_of(me), event))
    return event, me


@bp.route(f"{EVENT}/inscrits", methods=["GET"])
def index(path, item_id, slug):
    """Show who comes, who waits, and who does not come after all."""
    event = find_held(path, item_id, slug)
    people, numbers = attendance.people_of(event, current_viewer()), attendance.sizes(event)
    page = paginate(people, PER_PAGE)
    found = attendance.lines(page.items, (page.page - 1) * PER_PAGE, numbers)
    parts = {part.name: [line for line in found if line.part is part] for part in Part}
    return render_template(
        "publications/organising/index.html", event=event, page=page, parts=parts, about=attendance,
        numbers={part.name: number for part, number in numbers.items()}, state=seats.state_of(event),
    )  # fmt: skip


@bp.route(f"{EVENT}/inscrits/nouveau", methods=["GET", "POST"])
def new(path, item_id, slug):
    """Register somebody by hand: by word of mouth, or from a bulletin on paper."""
    event = find_held(path, item_id, slug)
    form = person_form(event)
    if form.validate_on_submit() and _may_act(form, form.email.data.lower() or form.number) and _enter(event, form):
        return redirect(address_of(event, "organising.index"))
    page = {"event": event, "form": form, "state": seats.state_of(event)}
    return render_template("publications/organising/new.html", **page), *form.outcome


def _may_act(form, whom):
    """Count what somebody does by hand, and what that one person is told; return whether it may go on."""
    to_them = [(limits.BY_HAND_PERSON, whom)] if whom else []
    return count(form, *to_them, (limits.BY_HAND_ACCOUNT, str(current_user.id)))


def _enter(event, form):
    """Write down who is typed in the form; return whether that is done. If not, the form says why."""
    event, me = lock_held(event)
    typed = {"name": form.name.data, "email": form.email.data, "phone": form.number, "answers": form.answers}
    options = {"key": form.key.data, "is_beyond": form.beyond.data, "is_another": form.is_another}
    try:
        person, is_new = attendance.enter(event, me, typed, **options)
    except (registrations.Closed, attendance.Namesake) as refusal:
        db.session.rollback()
        form.warn() if isinstance(refusal, attendance.Namesake) else form.refuse(str(refusal))
        return False
    db.session.commit()
    said = REGISTRATION_STATUS[person.status]
    flash(f"{person.name} : {said}." if is_new else f"{person.name} est déjà dans la liste : {said}.")
    return True


@bp.route(f"{EVENT}/inscrits/<id:registration_id>", methods=["GET", "POST"])
def show(path, item_id, slug, registration_id):
    """Show one person, and take them off the list or give them a place."""
    event = find_held(path, item_id, slug)
    person, form = attendance.find(event, registration_id, current_viewer()), ActForm()
    if request.method == "GET" and person:
        page = {"event": event, "person": person, "about": attendance}
        return render_template("publications/organising/show.html", **page, state=seats.state_of(event))
    if request.method == "POST":
        require_token()
    if person is None:
        flash(GONE)
    elif not _may_act(form, person.email or person.phone or f"registration {person.id}"):
        flash(form.form_errors[0])
    else:
        event, me = lock_held(event)
        person = attendance.find(event, registration_id, viewer_of(me))
        flash(_act(person, request.args.get("act")) if person else GONE)
        db.session.commit()
    return redirect(address_of(event, "organising.index"))


def _act(person, act):
    """Do what a button says; return the sentence that tells it."""
    if act == "remove" and attendance.may_be_removed(person):
        attendance.remove(person)
        return f"{person.name} n’est plus sur la liste."
    if act == "place" and attendance.may_be_placed(person):
        attendance.give_place(person)
        return f"{person.name} a une place."
    return seats.closed(person.event, is_by_hand=True) or "Rien n’a changé : c’était déjà fait."


# Letters ----------------------------------------------------------------------------------------------------------


@bp.route(f"{EVENT}/inscrits/message", methods=["GET", "POST"])
def message(path, item_id, slug):
    """Write to those who registered: first seen, with how many it reaches and what it costs, then sent."""
    event = find_held(path, item_id, slug)
    if event.hidden_at:
        flash(HIDDEN)
        return redirect(address_of(event, "organising.index"))
    reached, form = organisers.reached(event), LetterForm()
    form.offer(_groups(reached))
    letter = None
    if form.validate_on_submit():
        names = ("group", "subject", "text", "reply", "key")
        letter = Letter(**{name: form[name].data for name in names})
        if form.is_to_send and _send(event, form, letter):
            return redirect(address_of(event, "organising.index"))
        form.note_seen()
    seen = organisers.message(event, current_user, letter, "…", 0) if letter else None
    by_sms = organisers.as_text_message(event, letter) if letter else None
    page = {"event": event, "form": form, "letter": letter, "reached": reached, "seen": seen, "by_sms": by_sms}
    return render_template("publications/organising/message.html", **page), *form.outcome


def _groups(reached):
    """Return to whom one may write: whoever is in one of the groups; all of them, when there are several."""
    names = [name for name in GROUPS if reached[name].total]
    names = [name for name in names if name != "all" or len(names) > 2]
    return {name: f"{GROUPS[name]} ({reached[name].total})" for name in names}


def _send(event, form, letter):
    """Send a letter, unless its form has done so; return whether it is sent."""
    attempts = (limits.EVENT_LETTERS, str(event.id)), (limits.LETTERS_ACCOUNT, str(current_user.id))
    if not letters.is_sent(event, letter) and not count(form, *attempts):
        return False
    event, me = lock_held(event)
    if event.hidden_at:
        db.session.rollback()
        form.refuse(HIDDEN)
        return False
    is_new = letters.send(event, letter, me)
    db.session.commit()
    flash("Votre message part dans les minutes qui viennent." if is_new else "Votre message est déjà parti.")
    return True
