"""What the lists of articles have in common."""

from flask import render_template, request
from sqlalchemy import ColumnElement

from app.blueprints.narrowing import territories
from app.blueprints.web import paginate
from app.forms.listing import NO_WORD
from app.forms.news import ShelfForm
from app.labels import Shelf
from app.services import news, publishing
from app.services.directory import directory

SIZE = 20  # articles


def asked_of(shelf: Shelf) -> tuple[ShelfForm, list[ColumnElement[bool]] | None]:
    """Return what the present address asks of a shelf, as a form and as conditions; None: it asks for what there is
    not, and the form says what."""
    form = ShelfForm(request.args)
    form.furnish(shelf, publishing.themes(), territories(directory()), news.series_on(shelf), news.years_on(shelf))
    if not form.validate():
        return form, None
    conditions = news.chosen(form.data)
    if conditions is None:
        form.q.errors = [NO_WORD]
    return form, conditions


def show_list(shelf: Shelf, template: str):
    """Print a page of the list of a shelf, as the present address asks for it."""
    form, conditions = asked_of(shelf)
    if conditions is None:
        return render_template(template, form=form, page=None, files={}, is_national=False), 422
    query, is_national = news.listed(shelf, *conditions, order=form.order), False
    if form.place and news.is_empty(query):  # most of what stands there is of the whole country
        query, is_national = news.listed(shelf, *news.chosen(form.widened), order=form.order), True
    page = paginate(query, per_page=SIZE)
    files = news.files_of(page.items)
    return render_template(template, form=form, page=page, files=files, is_national=is_national)
