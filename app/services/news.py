"""What the site itself publishes as its readers find it: lists, what is new, series, and what goes together."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import defer, joinedload, load_only, selectinload

from app.access import listed_articles
from app.extensions import db
from app.labels import ARTICLE_OF_PATH, NATIONAL, ON_SHELF, Shelf, TerritoryKind
from app.localtime import PARIS, clock
from app.models import Article, Attachment, Series, Territory, Theme, article_territories
from app.services import shelves, texts

SHORT = (  # what a list needs of each: long texts stay where they are
    defer(Article.body),
    defer(Article.body_html),
    joinedload(Article.thumbnail),
    joinedload(Article.series),
    selectinload(Article.territories),
)
LINKED = load_only(Article.title, Article.slug, Article.kind, Article.episode)


# Conditions -------------------------------------------------------------------------------------------------------


def about(theme: str) -> ColumnElement[bool]:
    """Return the condition of what has a theme, given by its slug."""
    return Article.themes.any(Theme.slug == theme)


def concerning(place: str) -> ColumnElement[bool]:
    """Return the condition of what concerns a department, given by its code, or a region (« region-84 »): itself, a
    part of it, or the region around it. What has no territory is of the whole country: « national »."""
    if place == NATIONAL:
        return ~Article.territories.any()
    is_region = place.startswith(shelves.REGION)
    kind = TerritoryKind.REGION if is_region else TerritoryKind.DEPARTMENT
    area = select(Territory.id, Territory.region_id).filter_by(kind=kind, code=place.removeprefix(shelves.REGION))
    area_id, around_id = db.session.execute(area).first() or (0, None)
    inside = "region_id" if is_region else "department_id"  # what communes say of where they lie
    return Article.id.in_(_about({area_id, around_id} - {None}, getattr(Territory, inside) == area_id))


def _about(ids, is_inside):
    """Return the query of the ids of what concerns these territories, those inside, and the groups of communes that
    reach there."""
    groups = [select(column).where(is_inside, column.is_not(None)) for column in (Territory.epci_id, Territory.ept_id)]
    there = select(Territory.id).where(or_(Territory.id.in_(ids), is_inside, *(Territory.id.in_(g) for g in groups)))
    link = article_territories.c
    return select(link.article_id).where(link.territory_id.in_(there))


# Field of a list → the condition of what was chosen in it.
NARROWED = {
    "type": lambda path: Article.kind == ARTICLE_OF_PATH[path],
    "theme": about,
    "territoire": concerning,
    "annee": lambda year: shelves.of_year(int(year), Article.published_at),
    "serie": lambda slug: Article.series.has(Series.slug == slug),
}
NEWEST = (Article.published_at.desc(), Article.id.desc())
# What was chosen as the order of a list → the columns that make it. A slug is a title without accents nor capitals.
ORDERS = {
    "": (Article.is_pinned.desc(), *NEWEST),
    "anciens": (Article.published_at, Article.id),
    "titre": (Article.slug, Article.id),
    "serie": (Article.episode.is_(None), Article.episode, *NEWEST),
}


def chosen(asked: dict[str, str]) -> list[ColumnElement[bool]] | None:
    """Return the conditions of what was asked for, by the names of the fields; those that are empty, or that narrow
    nothing, count for nothing. None: no word of the question (`q`) is one to look for."""
    conditions = [NARROWED[name](value) for name, value in asked.items() if value and name in NARROWED]
    if asked.get("q"):
        conditions.append(texts.matching(asked["q"], texts.ARTICLES))
    return None if any(condition is None for condition in conditions) else conditions


# Lists ------------------------------------------------------------------------------------------------------------


def listed(shelf: Shelf, *conditions, order: str = "", loaded: tuple = SHORT) -> Select:
    """Return the query of the articles of a shelf, in one of `ORDERS`: what is pinned, then the newest.
    `loaded` are options of the query."""
    query = select(Article).where(*listed_articles(), Article.kind.in_(ON_SHELF[shelf]), *conditions)
    return query.options(*loaded).order_by(*ORDERS[order])


def latest(most: int) -> list[Article]:
    """Return what the home page tells: what is pinned, then the newest."""
    return list(db.session.scalars(listed(Shelf.NEWS).limit(most)))


def files_of(articles: list[Article]) -> dict[int, shelves.Files]:
    """Return the files of articles, by the ids of those that have some."""
    return shelves.files_of(articles, Attachment.article_id)


def series_on(shelf: Shelf) -> list[Series]:
    """Return the series that have something on a shelf."""
    held = exists().where(Article.series_id == Series.id, Article.kind.in_(ON_SHELF[shelf]), *listed_articles())
    return list(db.session.scalars(select(Series).where(held).order_by(Series.name)))


def years_on(shelf: Shelf) -> range:
    """Return the years from the newest article of a shelf back to the oldest, by the calendar of Paris."""
    ends = select(func.max(Article.published_at), func.min(Article.published_at))
    last, first = db.session.execute(ends.where(Article.kind.in_(ON_SHELF[shelf]), *listed_articles())).one()
    return range(clock(PARIS, last).year, clock(PARIS, first).year - 1, -1) if last else range(0)


def is_empty(query: Select) -> bool:
    """Tell whether a list shows nothing."""
    return db.session.scalar(query.limit(1)) is None


# Around one article -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Episode:
    """The place of an article in its series. `count`: the highest number there."""

    count: int
    former: Article | None
    next: Article | None


def episode_of(article: Article) -> Episode | None:
    """Return the place of an article that is read among what lists show of its series; None when it is in none."""
    if article.series_id is None or article.episode is None or article.is_draft:
        return None
    held = and_(Article.series_id == article.series_id, Article.episode.is_not(None), *listed_articles())
    last = db.session.scalar(select(func.max(Article.episode)).where(held))
    beside = select(Article).where(held).options(LINKED).limit(1)
    former = beside.where(Article.episode < article.episode).order_by(Article.episode.desc())
    next_ = beside.where(Article.episode > article.episode).order_by(Article.episode)
    return Episode(max(last or 0, article.episode), db.session.scalar(former), db.session.scalar(next_))


def related(article: Article, most: int = 3) -> list[Article]:
    """Return others of the same themes, the newest first."""
    if not article.themes:
        return []
    same = Article.themes.any(Theme.id.in_([theme.id for theme in article.themes]))
    query = select(Article).where(*listed_articles(), Article.id != article.id, same).options(*SHORT)
    return list(db.session.scalars(query.order_by(*NEWEST).limit(most)))
