"""The lists of the site as feeds: for everybody, whoever asks, narrowed by what the lists are narrowed by."""

from flask import Blueprint, Response, abort, current_app, request

from app.access import VISITOR
from app.blueprints.kept import public_page
from app.blueprints.narrowing import Asked, AskedActions
from app.blueprints.public.shelf import asked_of
from app.blueprints.web import absolute_url
from app.labels import Shelf
from app.services import feeds
from app.templating import quoted

bp = Blueprint("feeds", __name__)

TEXT = "application/atom+xml; charset=utf-8"


@bp.get("/actualites.atom")
@public_page
def news():
    """Send the news of the site."""
    return _of_shelf(Shelf.NEWS, "Actualités", "public.news.index")


@bp.get("/ressources/boite-a-outils.atom")
@public_page
def toolbox():
    """Send what stands in the tool box of the site."""
    return _of_shelf(Shelf.RESOURCES, "Boîte à outils", "public.toolbox.index")


@bp.get("/ressources/publications.atom")
@public_page
def publications():
    """Send what the councils share with everybody."""
    return _of_councils(Asked(request.args, VISITOR), "Publications des conseils", "publications.lists.index")


@bp.get("/actions.atom")
@public_page
def actions():
    """Send the fiches-actions that councils share with everybody."""
    return _of_councils(
        AskedActions(request.args, VISITOR), "Fiches-actions des conseils", "publications.lists.actions"
    )


def _of_shelf(shelf, name, page):
    form, conditions = asked_of(shelf)
    if conditions is None:
        abort(404)
    words = [*form.chosen, *([quoted(form.q.data)] if form.q.data else [])]
    return _feed(feeds.of_articles(shelf, *conditions), [name, *words], page, form.kept)


def _of_councils(asked, name, page):
    if not asked.is_right:
        abort(404)
    return _feed(feeds.of_publications(asked.query, *asked.conditions), [name, *asked.words], page, asked.kept)


def _feed(entries, words, page, kept):
    """Send entries under a title of several words; `page`: the endpoint of the same list; `kept`: what narrows both."""
    title = " – ".join([*words, current_app.config["SITE_NAME"]])
    places = {"address": absolute_url(page, **kept), "feed": absolute_url(request.endpoint, **kept)}
    return Response(feeds.written(entries, title=title, **places), content_type=TEXT)
