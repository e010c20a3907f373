"""`/animation/comptes`: the accounts of the site, and who is suspended."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access import get_readable_or_404, may_restore, may_steer, may_suspend, readable, require, viewer_of
from app.blueprints.web import ListPagination, current_viewer, paginate
from app.extensions import begin_write, db
from app.forms.users import FindForm, RestorationForm, SuspensionForm
from app.models import AuditEntry, User
from app.services import closing, moderation

bp = Blueprint("users", __name__, url_prefix="/animation/comptes")


@bp.get("")
def index():
    """Find accounts by the words of a name or an address."""
    viewer = current_viewer()
    require(may_steer(viewer))
    form = FindForm(request.args)
    form.validate()
    query = select(User).where(readable(User, viewer)).options(joinedload(User.council))
    if form.q.data:
        page = ListPagination(moderation.find(form.q.data, readable(User, viewer)), per_page=30)
        found = {user.id: user for user in db.session.scalars(query.where(User.id.in_(page.items)))}
        people = [found[user_id] for user_id in page.items if user_id in found]
    else:
        page = paginate(query.order_by(User.last_name, User.first_name, User.id), per_page=30)
        people = page.items
    return render_template("moderation/users/index.html", form=form, page=page, people=people)


@bp.get("/<id:user_id>")
def show(user_id):
    """Show one account and what the journal says of it."""
    viewer = current_viewer()
    require(may_steer(viewer))
    user = get_readable_or_404(User, viewer, id=user_id)
    about = select(AuditEntry).filter_by(subject_type=User.__tablename__, subject_id=user.id)
    about = about.options(joinedload(AuditEntry.actor))
    return render_template(
        "moderation/users/show.html",
        user=user,
        journal=db.session.scalars(about.order_by(AuditEntry.id.desc()).limit(50)).all(),
        is_suspendable=may_suspend(viewer, user),
        is_restorable=may_restore(viewer, user),
    )


@bp.route("/<id:user_id>/suspension", methods=["GET", "POST"])
def suspend(user_id):
    """Suspend an account, with the reason."""
    return _act(user_id, SuspensionForm(), may_suspend, moderation.suspend, "Le compte est suspendu.")


@bp.route("/<id:user_id>/reouverture", methods=["GET", "POST"])
def restore(user_id):
    """Open a suspended account again."""
    return _act(user_id, RestorationForm(), may_restore, moderation.restore, "Le compte est de nouveau ouvert.")


def _act(user_id, form, right, act, done):
    """Ask for the reason, and act. An account that somebody else has settled meanwhile is shown as it is now."""
    viewer = current_viewer()
    require(may_steer(viewer))
    user = get_readable_or_404(User, viewer, id=user_id)
    if request.method == "GET" and not right(viewer, user):
        return redirect(url_for(".show", user_id=user_id))
    if form.validate_on_submit():
        begin_write()
        closing.animators()  # of two who suspend each other, the second one is one no more
        db.session.refresh(user, with_for_update=True)
        if right(viewer_of(db.session.get(User, viewer.user_id)), user):
            act(user, actor_id=viewer.user_id, reason=form.reason.data)
            db.session.commit()
            flash(f"{done} Un courriel le dit à {user.name}.")
        return redirect(url_for(".show", user_id=user_id))
    page = f"moderation/users/{request.endpoint.rpartition('.')[2]}.html"
    return render_template(page, form=form, user=user), *form.outcome
