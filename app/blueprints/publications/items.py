"""The page of a document, an action or an event, and what its readers do there."""

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask_login import current_user
from sqlalchemy.orm import joinedload, selectinload

from app.access import (
    VISITOR,
    Viewer,
    is_host,
    is_member,
    is_with_author,
    may_edit,
    may_follow,
    may_read,
    may_take_over,
    require,
    viewer_of,
)
from app.blueprints.kept import public_page
from app.blueprints.publications import uploads
from app.blueprints.publications.boxes import box_of
from app.blueprints.publications.common import address_of, find, find_own, lock, require_slug
from app.blueprints.publications.together import together_of
from app.blueprints.web import current_viewer, note, require_token
from app.extensions import begin_write, db
from app.forms.minutes import MinutesForm
from app.labels import Visibility
from app.models import Council, Event, Group, Publication
from app.models.types import utcnow
from app.services import attachments, following, journal, publishing, readings, shelves
from app.services import minutes as minutes_
from app.services.writing import InBin

bp = Blueprint("items", __name__)

WHOLE = (
    joinedload(Publication.council),
    joinedload(Publication.author),
    joinedload(Publication.folder),
    selectinload(Publication.themes),
    selectinload(Publication.groups).selectinload(Group.councils).load_only(Council.id),
)
STRANGER = 0  # the number of no person, no council, no group
NOT_ALL = "Le compte-rendu est enregistré. Il manque encore un fichier : voyez pourquoi ci-dessous."


@dataclass(frozen=True)
class Seen:
    """An item as one viewer gets it. Templates ask this alone, so that « Voir comme » shows what others really see."""

    viewer: Viewer
    item: Publication

    @property
    def is_inside(self) -> bool:
        """Whether this is a member of the council that shares it, or who announces it without one."""
        return is_host(self.viewer, self.item)

    @property
    def knows_people(self) -> bool:
        """Whether names of members are shown: to one another, not to visitors."""
        return is_member(self.viewer)

    @property
    def may_edit(self) -> bool:
        """Whether this is who changes it."""
        return may_edit(self.viewer, self.item)

    @property
    def may_follow(self) -> bool:
        """Whether this is somebody who can be told of its changes."""
        return may_follow(self.viewer, self.item)

    @property
    def may_take_over(self) -> bool:
        """Whether somebody should look after it from now on, and this viewer could."""
        return may_take_over(self.viewer, self.item)


@bp.route("/<kind:path>/<id:item_id>-<slug>", methods=["GET"])
@public_page
def show(path, item_id, slug):
    """Show it; to its author also as others get it (« Voir comme »)."""
    opened_at = utcnow()
    publication = find(path, item_id, *WHOLE)
    require_slug(publication, slug)
    viewer = current_viewer()
    others = _others(publication) if may_edit(viewer, publication) else {}
    other = others.get(request.args.get("comme"))
    if other and not may_read(other[1], publication):
        return render_template("publications/items/unseen.html", publication=publication, words=other[0])
    page = _page(publication, other[1] if other else viewer, other and other[0], others)
    publication_id, is_news = publication.id, readings.is_news(viewer, publication)
    if is_news:
        note(readings.note, viewer, publication_id, opened_at)
    return page


def _page(publication, viewer, seen_as=None, others=None):
    """Print an item as `viewer` gets it. `seen_as`: the words for who that is, on a page that only tries it out."""
    seen = Seen(viewer, publication)
    return render_template(
        "publications/items/show.html",
        publication=publication,
        seen=seen,
        seen_as=seen_as,
        others=others or {},
        is_public=may_read(VISITOR, publication),
        files=attachments.of(publication),
        registering=box_of(publication, viewer, is_tried=bool(seen_as)),
        together=together_of(publication, viewer, is_tried=bool(seen_as)),
        episode=shelves.episode_of(viewer, publication),
        is_followed=publication.is_collaborative and following.is_followed(publication, viewer),
        unheard=following.unheard(current_user) if seen.may_follow and not seen_as else "",
    )


def _others(publication):
    """Return those whom an author may see an item as: (words, viewer) by the word in the address."""
    council_id = publication.council_id
    kept = publishing.groups_kept(publication)
    groups = publishing.groups_of(council_id, selectinload(Group.councils), kept=kept)
    if publication.level == Visibility.GROUPS and publication.groups:
        groups = [group for group in groups if group in publication.groups]
    partners = (council.id for group in groups for council in group.councils)
    partner = next((partner for partner in partners if partner != council_id), None)
    others = {
        "visiteur": ("un visiteur du site", VISITOR),
        "membre": ("un membre d’un autre conseil", Viewer(STRANGER, STRANGER, is_active=True)),
        "groupe": ("un membre d’un conseil de vos groupes", Viewer(STRANGER, partner, is_active=True)),
        "conseil": ("un autre membre de votre conseil", Viewer(STRANGER, council_id, is_active=True)),
    }
    if partner is None:
        del others["groupe"]
    if council_id is None:
        del others["conseil"]
        others["membre"] = ("un membre d’un conseil", others["membre"][1])
    return others


@bp.route("/<kind:path>/<id:item_id>-<slug>/reprise", methods=["POST"])
def take_over(path, item_id, slug):
    """Make the viewer the author of what somebody who is no longer there has published."""
    require(is_member(current_viewer()))
    publication = find(path, item_id)
    require(is_host(current_viewer(), publication) or may_take_over(current_viewer(), publication))
    require_token()
    publication, me = _lock(publication)
    viewer = viewer_of(me)
    if publication.author_id == viewer.user_id:
        flash("Vous vous en occupez déjà.")
    elif may_take_over(viewer, publication):
        publication.author_id = viewer.user_id
        journal.note("publication.taken_over", publication, actor_id=viewer.user_id)
        db.session.commit()
        flash("C’est à vous maintenant : vous pouvez modifier ce texte, ou le supprimer.")
    elif is_with_author(publication):
        flash(f"{publication.author.name} s’en occupe : il n’y a rien à reprendre.")
    else:
        abort(403)
    return redirect(address_of(publication))


def _lock(publication):
    """Begin a write; return the publication, as far as it may still be read, and who asks, both locked."""
    model, item_id = type(publication), publication.id
    begin_write()
    found, me = lock(model, item_id)
    if found is None or not may_read(viewer_of(me), found):
        abort(404)
    return found, me


# The minutes of an event ------------------------------------------------------------------------------------------


@bp.route("/<any(evenements):path>/<id:item_id>-<slug>/compte-rendu", methods=["GET", "POST"])
def minutes(path, item_id, slug):
    """Write down what came of an event that has begun, and join files to that."""
    event = find_own(path, item_id)
    if not event.has_begun or event.is_draft:
        flash("Le compte-rendu s’écrit quand l’événement a commencé et qu’il est publié.")
        return redirect(address_of(event))
    form = MinutesForm(data={"minutes": minutes_.written(event, current_user), "mark": minutes_.mark_of(event)})
    uploads.offer(form, event, is_minutes=True, is_resumed=request.method == "GET")
    preview = None
    if form.is_submitted():
        is_right = form.validate()
        if not (form.was_kept or form.csrf_token.errors):  # else it came perhaps from somebody else
            fields = publishing.rendered(Event, {"minutes": form.minutes.data}) if is_right else {}
            event, is_saved = _take(form, event, fields)
            if is_saved and not form.errors:
                flash("Le compte-rendu est enregistré.")
                return redirect(address_of(event) + "#compte-rendu")
            if is_saved:
                flash(NOT_ALL)
            elif not form.errors:
                preview = fields["minutes_html"]
    return render_template("publications/items/minutes.html", event=event, form=form, preview=preview), *form.outcome


def _take(form, event, fields):
    """Save what was sent, or keep it apart; return the event, read again, and whether it was saved. No `fields`: the
    text is not right, and only the files are kept."""
    incoming = uploads.read(form)
    model, event_id = type(event), event.id
    begin_write()
    event, me = lock(model, event_id)
    require(event is not None and may_edit(viewer_of(me), event))
    if event.deleted_at is not None:
        form.refuse(InBin.sentence)
        for each in incoming:
            attachments.discard(each)
        return event, False
    is_right = bool(fields) and not form.errors and _starts_from(event, form)
    is_saved = is_right and not form.preview.data
    before = _files(event)
    uploads.keep(event, form, incoming, is_minutes=True, is_shown=is_saved)
    if is_saved:
        minutes_.save(event, fields, me, has_other_files=_files(event) != before)
        form.mark.data = minutes_.mark_of(event)
    elif is_right:
        minutes_.set_aside(event, form.minutes.data, me)
    db.session.commit()
    return event, is_saved


def _files(event):
    return [one.id for one in attachments.of(event, is_minutes=True)]


def _starts_from(event, form):
    """Tell whether nobody saved other minutes since the form was opened. If so, show both: a second sending decides."""
    known, form.mark.data = form.mark.data, minutes_.mark_of(event)
    if known == form.mark.data or event.minutes == form.minutes.data:
        return True
    form.minutes.errors = [
        "Ce compte-rendu a été enregistré entre-temps, peut-être dans un autre onglet. Le texte enregistré est en bas "
        "de cette page. Reprenez-en ce qui manque au vôtre, puis enregistrez : votre texte le remplacera."
    ]
    form.saved = event.minutes
    return False
