"""`/animation/forum`: the rubrics of the forum."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.access import may_steer, require, viewer_of
from app.blueprints.web import current_viewer, lock_writer, require_token
from app.extensions import begin_write, db
from app.forms.categories import CategoryForm
from app.models import Category
from app.services import arranging
from app.templating import quoted

bp = Blueprint("categories", __name__, url_prefix="/animation/forum")

ACTS = {  # button → whether the rubric is closed from now on, what is said of it
    "fermer": (True, "La rubrique est fermée : on peut tout lire, on n’y écrit plus."),
    "cancel": (False, "La rubrique est rouverte : on peut de nouveau y écrire."),
}
FULL = "Cette rubrique contient des sujets : déplacez-les d’abord, ou fermez la rubrique."
TAKEN = "Une rubrique porte déjà ce nom : choisissez-en un autre."
AGAIN = "Une autre rubrique vient d’être créée : envoyez encore une fois."


@bp.route("", methods=["GET", "POST"])
def index():
    """List the rubrics, each with the number of its topics; make a new one."""
    require(may_steer(current_viewer()))
    form = CategoryForm()
    if form.validate_on_submit() and _create(form):
        flash(f"La rubrique {quoted(form.name.data)} est créée.")
        return redirect(url_for(".index"))
    return render_template("moderation/categories/index.html", form=form, rubrics=arranging.rubrics()), *form.outcome


def _create(form):
    """Make the rubric, and tell whether that was done; two of one name at once: the database lets one of them
    through."""
    _begin()
    try:
        made = arranging.open_rubric(form.name.data, form.description.data)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        form.name.errors = [AGAIN]
        return False
    if made is None:
        form.name.errors = [TAKEN]
    return made is not None


@bp.route("/<id:category_id>/modifier", methods=["GET", "POST"])
def edit(category_id):
    """Give a rubric another name or description; its address stays."""
    require(may_steer(current_viewer()))
    form = CategoryForm(obj=_find(category_id))
    if form.validate_on_submit() and _save(form, category_id):
        flash("C’est enregistré.")
        return redirect(url_for(".index"))
    category = _find(category_id)
    is_empty = not arranging.has_topics(category)
    page = render_template("moderation/categories/edit.html", form=form, category=category, is_empty=is_empty)
    return page, *form.outcome


def _save(form, category_id):
    """Change the rubric, and tell whether that was done: not to the name of another one."""
    _begin()
    category = _find(category_id, is_locked=True)
    if arranging.is_name_taken(form.name.data, but=category_id):
        db.session.rollback()
        form.name.errors = [TAKEN]
        return False
    form.populate_obj(category)
    db.session.commit()
    return True


@bp.post("/<id:category_id>/place/<id:place>")
def move(category_id, place):
    """Give a rubric another place, 1 for the first one: a button that is pressed twice moves it once."""
    require(may_steer(current_viewer()))
    name = _find(category_id).name
    require_token()
    _begin()
    arranging.place_rubric(category_id, place)
    db.session.commit()
    flash(f"La rubrique {quoted(name)} a changé de place.")
    return redirect(url_for(".index"))


@bp.post("/<id:category_id>/fermeture")
def close(category_id):
    """Have a rubric read and not written any more, or written again."""
    require(may_steer(current_viewer()))
    _find(category_id)
    require_token()
    is_closed, said = ACTS.get(request.form.get("act")) or abort(400)  # no button of ours
    _begin()
    arranging.close_rubric(_find(category_id, is_locked=True), is_closed)
    db.session.commit()
    flash(said)
    return redirect(url_for(".index"))


@bp.route("/<id:category_id>/suppression", methods=["GET", "POST"])
def delete(category_id):
    """Ask once, then delete a rubric that holds no topic."""
    require(may_steer(current_viewer()))
    category = _find(category_id)
    if arranging.has_topics(category):
        flash(FULL)
        return redirect(url_for(".edit", category_id=category_id))
    if request.method == "GET":
        return render_template("moderation/categories/delete.html", category=category)
    require_token()
    _begin()
    category = _find(category_id, is_locked=True)
    name, is_deleted = category.name, arranging.delete_rubric(category)
    db.session.commit()
    flash(f"La rubrique {quoted(name)} est supprimée." if is_deleted else FULL)
    return redirect(url_for(".index"))


def _find(category_id, *, is_locked=False):
    """Return a rubric of the forum, or abort with 404: those of groups are not the animator's."""
    query = select(Category).where(Category.id == category_id, arranging.IN_FORUM)
    query = query.with_for_update().execution_options(populate_existing=True) if is_locked else query
    return db.session.scalar(query) or abort(404)


def _begin():
    """Begin to write, if whoever asks still runs the site at this instant."""
    begin_write()
    require(may_steer(viewer_of(lock_writer())))
