"""`/animation/referents`: who answers for which territory."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from app.access import get_readable_or_404, may_steer, readable, require, viewer_of
from app.blueprints.web import current_viewer, paginate
from app.extensions import begin_write, db
from app.forms.base import ActForm
from app.forms.referents import AppointmentForm, ReferentForm
from app.jobs.contents import delete_unused
from app.labels import Role, UserStatus
from app.models import User
from app.services import accounts, places, referents

bp = Blueprint("referents", __name__, url_prefix="/animation/referents")


@bp.get("")
def index():
    """List the referents, with their territories."""
    require(may_steer(current_viewer()))
    query = select(User).where(User.role == Role.REFERENT, readable(User, current_viewer()))
    query = query.options(selectinload(User.territories)).order_by(User.last_name, User.first_name, User.id)
    return render_template("moderation/referents/index.html", page=paginate(query, per_page=30))


@bp.route("/nouveau", methods=["GET", "POST"])
def new():
    """Appoint somebody who has an account, or invite somebody who has none."""
    require(may_steer(current_viewer()))
    form = AppointmentForm(referents.offered(), places)
    if form.validate_on_submit() and (user := _appoint(form)):
        flash(f"{user.name} a maintenant le rôle de référent local. Un courriel vient de partir.")
        return redirect(url_for(".index"))
    return render_template("moderation/referents/new.html", form=form), *form.outcome


def _appoint(form):
    """Return the new referent, or nothing when the form says why not."""
    _begin()
    email = accounts.normal_email(form.email.data)
    user = referents.owner_of(email)
    if objection := referents.objection(user):
        form.email.errors = [objection]
    elif user or form.has_names():
        names = {"email": email, "first_name": form.first_name.data, "last_name": form.last_name.data}
        try:
            user = referents.appoint(user, actor_id=current_viewer().user_id, **names, **form.columns)
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
            form.email.errors = ["Cette adresse vient de servir à une inscription : recommencez."]
            return None
        return user
    db.session.rollback()
    return None


@bp.route("/<id:user_id>", methods=["GET", "POST"])
def edit(user_id):
    """Change the organisation, the contact and the territories of a referent."""
    require(may_steer(current_viewer()))
    user = _referent(user_id)
    form = ReferentForm(referents.offered(), places, user)
    if form.validate_on_submit():
        _begin()
        user = _referent(user_id, is_locked=True)
        referents.change(user, actor_id=current_viewer().user_id, **form.columns)
        db.session.commit()
        flash("Les changements sont enregistrés.")
        return redirect(url_for(".index"))
    return render_template("moderation/referents/edit.html", form=form, referent=user), *form.outcome


@bp.route("/<id:user_id>/fin", methods=["GET", "POST"])
def end(user_id):
    """Say what the end of the role means for this person; the button ends it."""
    require(may_steer(current_viewer()))
    user = _referent(user_id)
    form = ActForm()
    if form.validate_on_submit():
        _begin()
        user = _referent(user_id, is_locked=True)
        name, unused = user.name, referents.end(user, actor_id=current_viewer().user_id)
        db.session.commit()
        delete_unused(unused)
        flash(f"{name} n’a plus le rôle de référent local. Un courriel le lui dit.")
        return redirect(url_for(".index"))
    return render_template("moderation/referents/end.html", form=form, referent=user), *form.outcome


def _referent(user_id, *, is_locked=False):
    """Return the referent with this id; locked, it is read again: somebody else may have ended the role."""
    user = get_readable_or_404(User, current_viewer(), id=user_id)
    if is_locked:
        db.session.refresh(user, with_for_update=True)
    return user if user.role == Role.REFERENT and user.status != UserStatus.CLOSED else abort(404)


def _begin():
    """Begin to write, if whoever asks still runs the site at this instant."""
    begin_write()
    require(may_steer(viewer_of(db.session.get(User, current_viewer().user_id))))
