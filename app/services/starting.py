"""The articles that a new site begins with: written for it, in `app/data/articles`."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import exists, select

from app.extensions import db
from app.models import Article, Theme
from app.models.article import STARTING
from app.services import articles, settings

DATA = Path(__file__).parents[1] / "data" / "articles"
LOADED = "starting_articles"  # the setting that knows which ones were ever loaded
FENCE = "---\n"


@dataclass(frozen=True)
class Text:
    """An article to begin with. `key` tells it from all others, for ever; `fields`: its columns, with the HTML."""

    key: str
    fields: dict
    themes: tuple[str, ...]  # their slugs
    series: str = ""

    @property
    def theme_rows(self) -> list[Theme]:
        """The themes of this site that it belongs to."""
        query = select(Theme).where(Theme.slug.in_(self.themes))
        return list(db.session.scalars(query.order_by(Theme.position, Theme.id)))


@cache
def prepared() -> tuple[Text, ...]:
    """Return all of them, rendered: slow work, for before a write transaction. The last file comes first, so that the
    newest of the site is the first chapter of its guide."""
    return tuple(_read(path) for path in sorted(DATA.glob("*.md"), reverse=True))


def _read(path):
    _, head, body = path.read_text(encoding="utf-8").split(FENCE, 2)
    said = dict(line.split(": ", 1) for line in head.splitlines())
    themes = tuple(said.pop("themes").split(", "))
    series = said.pop("series", "")
    if series:
        said["episode"] = int(said["episode"])
    fields = articles.rendered(said | {"body": body.strip()})
    return Text(key=f"{STARTING}{path.stem}", fields=fields, themes=themes, series=series)


def is_new() -> bool:
    """Tell whether this site has no article, and never had one of these."""
    return not _loaded() and not db.session.scalar(select(exists().select_from(Article)))


def load() -> int:
    """Publish those that this site has never had, without an author; return how many. What the animator has changed or
    deleted stays as it is, even when nothing is left of it. Call it in a write transaction."""
    known = _loaded() | set(db.session.scalars(select(Article.key).where(Article.key.startswith(STARTING))))
    new = [text for text in prepared() if text.key not in known]
    for text in new:
        _publish(text)
    if new:
        settings.put(LOADED, json.dumps(sorted(known | {text.key for text in new})))
    return len(new)


def _loaded():
    return set(json.loads(settings.get(LOADED, "[]")))


def _publish(text):
    article = Article(key=text.key)
    db.session.add(article)
    articles.write(article, text.fields | {"themes": text.theme_rows} | _numbered(text))
    articles.publish(article, None)


def _numbered(text):
    """Return the series and the number in it; no number where another article has it."""
    if not text.series:
        return {}
    series, episode = articles.series_named(text.series), text.fields["episode"]
    is_taken = select(exists().where(Article.series_id == series.id, Article.episode == episode))
    return {"series": series, "episode": None if db.session.scalar(is_taken) else episode}
