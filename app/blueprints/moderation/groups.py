"""`/animation/groupes`: the working groups, their councils, and the requests for new ones. What is said and shared in a
group is for its councils alone: no page here shows any of it."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access import may_read, may_steer, require, viewer_of
from app.blueprints.web import current_viewer, lock_writer, paginate, require_token
from app.extensions import begin_write, db
from app.forms.groups import TAKEN, GroupForm, NewGroupForm, PlaceForm, RefusalForm
from app.models import Group, GroupRequest, Territory, User
from app.models.types import utcnow
from app.services import choosing, groups
from app.templating import plural, quoted

bp = Blueprint("groups", __name__, url_prefix="/animation/groupes")

PER_PAGE = 20
MADE = "Le groupe est créé. Les membres de ses conseils l’apprennent par courriel."
KNOWN = "Ce groupe existe déjà : le voici."
ANSWERED = f"{KNOWN} La personne qui l’a demandé l’apprend par courriel."
DECIDED = "Cette demande a déjà une réponse."


@bp.get("")
def index():
    """List the open requests, the groups and the archived ones; find the territory of a new one."""
    require(may_steer(current_viewer()))
    form = PlaceForm(request.args)
    form.validate()
    query = select(Group).options(joinedload(Group.territory))
    page = paginate(query.order_by(Group.archived_at.is_not(None), Group.name, Group.id), PER_PAGE)
    return render_template(
        "moderation/groups/index.html",
        form=form,
        places=groups.find_places(form.words) if form.words and not form.errors else None,
        requests=list(db.session.scalars(groups.open_requests().limit(PER_PAGE))),
        page=page,
        counts=groups.counts([group.id for group in page.items]),
        late_before=utcnow() - groups.PROMISED,
    ), *form.outcome


# A new one ---------------------------------------------------------------------------------------------------------


@bp.route("/nouveau", methods=["GET", "POST"])
def new():
    """Make a group: of a territory (`territoire`), as somebody asks for it (`demande`), or of a list of councils."""
    require(may_steer(current_viewer()))
    wish = _wish()
    if wish is not None and not wish.is_open:
        return _decided(wish)
    territory = wish.territory if wish else _territory()
    form = _new_form(wish, territory)
    if form.validate_on_submit() and not form.is_only_search and (group := _open(form, wish, territory)):
        return redirect(url_for(".edit", group_id=group.id))
    page = render_template("moderation/groups/new.html", form=form, wish=wish, territory=territory)
    return page, *form.outcome


def _wish():
    return _asked_for(GroupRequest, "demande")


def _territory():
    return _asked_for(Territory, "territoire")


def _asked_for(model, name):
    """Return the row whose number the address gives; None where it gives none."""
    number = request.args.get(name, type=int)
    if number is None:
        return None
    return _find(model, number) if 0 < number < 2**31 else abort(404)


def _find(model, row_id):
    return db.session.get(model, row_id) or abort(404)


def _decided(wish):
    flash(DECIDED)
    return redirect(url_for(".edit", group_id=wish.group_id) if wish.group_id else url_for(".index"))


def _new_form(wish, territory):
    """Return the form, filled with what was asked for, or with what suits the territory."""
    filled = {"name": groups.usual_name(territory)} if territory else {}
    if wish:
        filled |= {"name": wish.name, "purpose": wish.purpose}
    form = NewGroupForm(data=filled)
    form.arrange(choosing, groups.wished(wish) if wish else groups.councils_in(territory.id) if territory else ())
    return form


def _open(form, wish, territory):
    """Return the group that is made, or the one that this form has made already; nothing when the form says why not."""
    me = _begin()
    if wish is not None:
        wish = db.session.get(GroupRequest, wish.id, with_for_update=True, populate_existing=True)
        if wish is None or not wish.is_open:
            group = wish and wish.group
            db.session.rollback()
            flash(DECIDED)
            return group or abort(redirect(url_for(".index")))
    columns = {"name": form.name.data, "purpose": form.purpose.data, "council_ids": form.councils.data}
    try:
        group, is_new = groups.open_group(me, **columns, territory_id=territory.id if territory else None, request=wish)
    except groups.Taken:
        db.session.rollback()
        form.name.errors = [TAKEN]
        return None
    db.session.commit()
    flash(MADE if is_new else ANSWERED if wish else KNOWN)
    return group


def _begin() -> User:
    """Begin to write; return who does it, if they still run the site at this instant."""
    begin_write()
    me = lock_writer()
    require(may_steer(viewer_of(me)))
    return me


@bp.route("/demandes/<id:request_id>/refus", methods=["GET", "POST"])
def refuse(request_id):
    """Answer a request with no, and why."""
    require(may_steer(current_viewer()))
    wish = _find(GroupRequest, request_id)
    if not wish.is_open:
        return _decided(wish)
    form = RefusalForm()
    if form.validate_on_submit():
        me = _begin()
        wish = db.session.get(GroupRequest, request_id, with_for_update=True, populate_existing=True)
        if wish is None or not wish.is_open:
            return _decided(wish) if wish else abort(404)
        groups.refuse(wish, me, form.reason.data)
        db.session.commit()
        flash("La demande est refusée. Cette personne l’apprend par courriel.")
        return redirect(url_for(".index"))
    return render_template("moderation/groups/refuse.html", form=form, wish=wish), *form.outcome


# One that is there -------------------------------------------------------------------------------------------------


@bp.route("/<id:group_id>", methods=["GET", "POST"])
def edit(group_id):
    """Change the name, the purpose and the councils of a group."""
    require(may_steer(current_viewer()))
    group = _find(Group, group_id)
    form = GroupForm(data={"name": group.name, "purpose": group.purpose})
    form.arrange(choosing, [council.id for council in group.councils])
    if form.validate_on_submit() and not form.is_only_search and _change(group_id, form):
        return redirect(url_for(".edit", group_id=group_id))
    return render_template(
        "moderation/groups/edit.html",
        form=form,
        group=group,
        counts=groups.counts([group_id])[group_id],
        may_open=may_read(current_viewer(), group),
    ), *form.outcome


def _change(group_id, form):
    """Write the form down; tell whether its name was free."""
    me = _begin()
    group = groups.lock(group_id) or abort(404)
    columns = {"name": form.name.data, "purpose": form.purpose.data}
    try:
        came, went = groups.change(group, me, **columns, added=form.added, removed=form.removed)
    except groups.Taken:
        db.session.rollback()
        form.name.errors = [TAKEN]
        return False
    db.session.commit()
    flash(" ".join(["C’est enregistré.", *_told(came, went)]))
    return True


def _told(came, went):
    """Say who reads more from now on, and who no longer."""
    if came:
        count = plural(came, "conseil ajouté : ses membres lisent", "conseils ajoutés : leurs membres lisent")
        yield f"{count} dès maintenant tout ce qui est dans le groupe."
    if went:
        count = plural(went, "conseil retiré : ses membres ne lisent", "conseils retirés : leurs membres ne lisent")
        yield f"{count} plus rien du groupe."


@bp.route("/<id:group_id>/archivage", methods=["GET", "POST"])
def archive(group_id):
    """Ask once, then close a group: it is read, and nothing new comes."""
    require(may_steer(current_viewer()))
    group = _find(Group, group_id)
    if request.method == "GET":
        return render_template("moderation/groups/archive.html", group=group)
    require_token()
    me = _begin()
    group = groups.lock(group_id) or abort(404)
    groups.archive(group, me)
    name = group.name
    db.session.commit()
    flash(f"Le groupe {quoted(name)} est archivé.")
    return redirect(url_for(".index"))


@bp.post("/<id:group_id>/reouverture")
def reopen(group_id):
    """Open an archived group again."""
    require(may_steer(current_viewer()))
    require_token()
    me = _begin()
    groups.reopen(groups.lock(group_id) or abort(404), me)
    db.session.commit()
    flash("Le groupe est de nouveau ouvert.")
    return redirect(url_for(".edit", group_id=group_id))
