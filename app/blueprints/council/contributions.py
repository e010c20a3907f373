"""Answering a call for contributions with the actions of the council."""

from flask import Blueprint, flash, redirect, render_template

from app.access import get_readable_or_404, may_contribute, may_keep, require, viewer_of
from app.blueprints.web import address_of_article, current_viewer, lock_writer
from app.extensions import begin_write, db
from app.forms.contributions import ContributionsForm
from app.labels import ArticleKind
from app.models import Article
from app.services import contributions
from app.templating import plural

bp = Blueprint("contributions", __name__)
SENT = ("fiche-action est envoyée", "fiches-actions sont envoyées")
TAKEN_BACK = ("fiche-action n’est plus dans cet appel", "fiches-actions ne sont plus dans cet appel")


@bp.route("/appels/<slug>", methods=["GET", "POST"])
def edit(slug):
    """Choose the actions that are sent; those whose boxes are emptied are taken back."""
    viewer = current_viewer()
    require(may_keep(viewer, viewer.council_id))
    call = get_readable_or_404(Article, viewer, slug=slug, kind=ArticleKind.CALL)
    is_open = may_contribute(viewer, call)
    form, offered = ContributionsForm(), contributions.offered(viewer, call)
    form.offer(offered, contributions.sent(call, viewer.council_id))
    if is_open and form.validate_on_submit():
        return _send(form, slug)
    return render_template(
        "council/contributions/edit.html", form=form, call=call, is_open=is_open, offered=offered
    ), *form.outcome


def _send(form, slug):
    """Write down what was chosen, with the rights of this instant: the last day may have passed meanwhile."""
    begin_write()
    me = lock_writer()
    viewer = viewer_of(me)
    call = get_readable_or_404(Article, viewer, slug=slug, kind=ArticleKind.CALL)
    require(may_contribute(viewer, call))
    ids = [action.id for action in contributions.offered(viewer, call)]
    come, gone = contributions.send(call, me, ids, added=form.added, dropped=form.dropped)
    db.session.commit()
    said = [plural(come, *SENT)] * bool(come) + [plural(gone, *TAKEN_BACK)] * bool(gone)
    flash(f"Merci : {' ; '.join(said)}." if said else "Rien n’a changé.")
    return redirect(address_of_article(call))
