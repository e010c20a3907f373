"""`/groupes`: the working groups of one's council, what is shared with them, and how to ask for one and to leave."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import joinedload

from app.access import (
    get_readable_or_404,
    is_member,
    may_ask_for_group,
    may_come_back,
    may_open_topic,
    may_share,
    may_steer,
    require,
    viewer_of,
)
from app.blueprints.community import forum
from app.blueprints.community.common import find_group
from app.blueprints.web import absolute_url, count, current_viewer, lock_writer, paginate, require_token
from app.extensions import begin_write, db
from app.forms.base import ActForm
from app.forms.groups import AddressForm, AskForm, LeaveForm
from app.labels import KIND_PATHS, PublicationKind
from app.models import Group, Publication
from app.services import agenda, choosing, discussions, groups, limits, shelves
from app.templating import plural, quoted

bp = Blueprint("groups", __name__, url_prefix="/groupes")

LAST = 5  # of each kind, on the page of a group
PER_PAGE = 20  # councils
SENT = "Votre demande est envoyée. L’équipe du site vous répond sous 48 heures, par courriel."
GONE = "Votre conseil n’est plus dans ce groupe."


@bp.get("")
def index():
    """Show the groups of one's council, those that it has left, and one's requests."""
    viewer = current_viewer()
    require(is_member(viewer))
    found = groups.of_council(viewer)
    return render_template(
        "community/groups/index.html",
        live=[row for row in found if row.Group.archived_at is None],
        archived=[row for row in found if row.Group.archived_at],
        readable={row.Group.id for row in found},
        departures=_departures(viewer),
        requests=groups.requests_of(viewer.user_id),
        may_ask=may_ask_for_group(viewer),
        steers=may_steer(viewer),
    )


def _departures(viewer):
    """Return how the viewer's council left the groups into which they may bring it back."""
    return [one for one in groups.departures_of(viewer.council_id) if may_come_back(viewer, one)]


# Asking for one ----------------------------------------------------------------------------------------------------


@bp.route("/demande", methods=["GET", "POST"])
def ask():
    """Ask the animators for a group."""
    require(may_ask_for_group(current_viewer()))
    form = AskForm()
    form.arrange(groups.places_of(current_user), choosing, current_user.council_id or 0)
    if form.validate_on_submit() and not form.is_only_search and _ask(form):
        flash(SENT)
        return redirect(url_for(".index"))
    return render_template("community/groups/ask.html", form=form), *form.outcome


def _ask(form):
    """Write the request down; tell whether it is there. A form that is sent again asks, and counts, once."""
    if groups.made_by(form.key.data, current_user.id):
        return True
    if not count(form, (limits.GROUP_REQUESTS, str(current_user.id))):
        return False
    begin_write()
    me = lock_writer()
    require(may_ask_for_group(viewer_of(me)))
    if form.territory_id and form.territory_id not in [place.id for place in groups.places_of(me)]:
        abort(403)  # it was theirs, a moment ago
    wish = {"territory_id": form.territory_id, "council_ids": form.council_ids}
    groups.ask(me, key=form.key.data, name=form.name.data, purpose=form.purpose.data, **wish)
    db.session.commit()
    return True


# One group ---------------------------------------------------------------------------------------------------------


@bp.get("/<slug>")
def show(slug):
    """Show what is new in a group: discussions, what is shared, the next events."""
    viewer, found = _find_place(slug)
    place, group = found.Category, found.Category.group
    kinds = {path: KIND_PATHS[path] for path in ("documents", "actions")}
    shared = groups.last_shared(viewer, group.id, kinds.values(), LAST)
    return render_template(
        "community/groups/show.html",
        group=group,
        category=place,
        topics=discussions.last_topics([place.id], current_user, viewer, LAST).get(place.id, []),
        may_open=may_open_topic(viewer, place),
        shared={path: shared[kind] for path, kind in kinds.items()},
        events=agenda.coming(viewer, groups.shared_with(group.id), size=LAST).events,
        counts=(found.councils, found.people),
    )


def _find(slug):
    """Return who asks, and a group of their council; visitors are asked to log in."""
    viewer = current_viewer()
    require(is_member(viewer))
    return viewer, find_group(slug, joinedload(Group.territory))


def _find_place(slug):
    """Return who asks, and the place where a group of their council discusses, as `groups.find_place` finds it."""
    viewer = current_viewer()
    require(is_member(viewer))
    found = None if "\0" in slug else groups.find_place(viewer, slug)
    return viewer, found or abort(404)


@bp.get("/<slug>/discussions")
def topics(slug):
    """Show the topics of a group."""
    _, found = _find_place(slug)
    return forum.category_page(found.Category)


@bp.get("/<slug>/<kind:path>")
def shared(slug, path):
    """Show what is shared with a group of one kind, the newest first; of events those to come, or the past ones."""
    viewer, group = _find(slug)
    cursors = {"before": request.args.get("avant", ""), "after": request.args.get("apres", "")}
    kind, conditions = KIND_PATHS[path], [groups.shared_with(group.id)]
    shown = {"group": group, "kind": kind, "path": path, "may_share": may_share(viewer, kind)}
    try:
        if kind != PublicationKind.EVENT:
            conditions.append(Publication.kind == kind)
            found = shelves.newest(viewer, *conditions, **cursors, is_narrow=True, loaded=shelves.SHORT)
            return render_template("community/groups/shared.html", found=found, **shown)
        is_past = request.args.get("quand") == "passes"
        stretch = (agenda.past if is_past else agenda.coming)(viewer, *conditions, **cursors)
    except shelves.BadCursor:
        abort(404)
    shown |= {"address": _address(group), "is_past": is_past}
    return render_template("community/groups/shared.html", stretch=stretch, **shown)


def _address(group):
    """Return the form that holds the secret address of the agenda of a group; None where the person has none."""
    if current_user.agenda_key is None:
        return None
    address = absolute_url("public.agenda.of_group", key=current_user.agenda_key, slug=group.slug)
    return AddressForm(formdata=None, data={"address": address})


@bp.get("/<slug>/membres")
def members(slug):
    """Show the councils of a group, with their members."""
    viewer, group = _find(slug)
    page = paginate(groups.councils_of(group.id), PER_PAGE)
    people = groups.people_of(page.items, viewer)
    return render_template("community/groups/members.html", group=group, page=page, people=people)


# Leaving, and coming back ------------------------------------------------------------------------------------------


@bp.route("/<slug>/depart", methods=["GET", "POST"])
def leave(slug):
    """Say what it means to leave a group; the button takes one's council out of it."""
    viewer, group = _find(slug)
    form, shown = LeaveForm(), groups.count_shared(group.id, viewer.council_id)
    if not shown:
        del form.shared
    if form.validate_on_submit() and count(form, (limits.GROUP_MOVES, str(viewer.council_id))):
        flash(_leave(group.id, form))
        return redirect(url_for(".index"))
    councils, _ = groups.counts([group.id])[group.id]
    page = render_template("community/groups/leave.html", group=group, form=form, shared=shown, is_last=councils == 1)
    return page, *form.outcome


def _leave(group_id, form):
    """Take the council of the viewer out of a group; return what to tell of it."""
    begin_write()
    me = lock_writer()
    require(is_member(viewer_of(me)) and me.council_id is not None)
    departure = groups.leave(group_id, me, takes_out=form.takes_out, reason=form.reason.data)
    name = departure.group.name if departure else ""
    db.session.commit()
    return f"Votre conseil a quitté le groupe {quoted(name)}. Vos collègues l’apprennent." if departure else GONE


@bp.post("/<slug>/retour")
def come_back(slug):
    """Bring one's council back into a group that it has left."""
    viewer = current_viewer()
    require(is_member(viewer))
    departure = next((one for one in _departures(viewer) if one.group.slug == slug), None)
    if departure is None:
        get_readable_or_404(Group, viewer, slug=slug)  # somebody else of the council was first
        return redirect(url_for(".show", slug=slug))
    require_token()
    form, group_id = ActForm(), departure.group_id
    if not count(form, (limits.GROUP_MOVES, str(viewer.council_id))):
        flash(form.form_errors[0])
        return redirect(url_for(".index"))
    return _come_back(group_id)


def _come_back(group_id):
    begin_write()
    me = lock_writer()
    departure = groups.lock_departure(group_id, me.council_id or 0)
    if departure is None:  # as above
        db.session.rollback()
        return redirect(url_for(".index"))
    require(may_come_back(viewer_of(me), departure))
    slug, done = departure.group.slug, groups.come_back(departure, me)
    db.session.commit()
    flash(_told(done))
    return redirect(url_for(".show", slug=slug))


def _told(done):
    parts = ["Votre conseil est de nouveau dans le groupe."]
    if done.shared:
        parts.append(f"Il y partage de nouveau {plural(done.shared, 'publication', 'publications')}.")
    if done.left_out:
        parts.append("Ce qui a changé depuis votre départ n’y revient pas : son auteur peut le partager encore.")
    return " ".join(parts)
