"""The page of an article, and its address as a code to photograph."""

from flask import Blueprint, redirect, render_template
from sqlalchemy.orm import joinedload, selectinload

from app.access import VISITOR, get_readable_or_404, may_contribute, may_edit_article, may_read
from app.blueprints.kept import public_page
from app.blueprints.web import address_of_article, current_viewer, paginate, send_code
from app.labels import ArticleKind
from app.models import Article
from app.services import attachments, contributions, news

bp = Blueprint("articles", __name__, url_prefix="/<any(actualites, ressources):shelf>/<slug>")

WHOLE = (
    joinedload(Article.picture),
    joinedload(Article.thumbnail),
    joinedload(Article.series),
    selectinload(Article.themes),
    selectinload(Article.territories),
)


@bp.get("")
@public_page
def show(shelf, slug):
    """Show an article; of a call for contributions, also what came."""
    viewer = current_viewer()
    article = get_readable_or_404(Article, viewer, *WHOLE, slug=slug)
    if article.shelf != shelf:
        return redirect(address_of_article(article), 301)
    related = news.related(article)
    is_call = article.kind == ArticleKind.CALL
    return render_template(
        "public/articles/show.html", article=article, files=attachments.of(article),
        episode=news.episode_of(article), related=related,
        gathered=paginate(contributions.gathered(viewer, article), per_page=20) if is_call else None,
        may_contribute=may_contribute(viewer, article), may_edit=may_edit_article(viewer, article),
    )  # fmt: skip


@bp.get("/qr.svg")
def qr(shelf, slug):
    """Draw the address of an article."""
    article = get_readable_or_404(Article, current_viewer(), slug=slug)
    address = address_of_article(article, is_absolute=True)
    return send_code(address, article.name, is_public=may_read(VISITOR, article))
